"""Exit statuses by which `build.launcher` speaks to `build.sandbox`, apart because the former runs on Linux only."""

TIMED_OUT = 124
"""The time was up; everything was killed."""
NOT_STARTED = 125
"""The sandbox could not be made; a line `peep: …` on standard error says why."""
