"""Exit statuses by which the sandbox launcher speaks to the sandbox."""

TIMED_OUT = 124
"""The time was up; everything was killed."""
NOT_STARTED = 125
"""The sandbox could not be made; a line `peep: …` on standard error says why."""
