"""Sections of options that several verbs share, as their help shows them."""

from __future__ import annotations

from peep.cli.options.tables import BUILD, INDEXES, NETWORK, STORE, TARGET
from peep.cli.verb import Section

WHERE_FROM = Section("Where from", INDEXES)
MEANS = (Section("Building", BUILD), Section("Store", STORE), Section("Network", NETWORK))
"""By what a run gets what it needs."""
OF_AN_ENVIRONMENT = (Section("Which environment", TARGET), Section("Store", STORE))
"""For verbs that look at an environment and fetch nothing."""
