"""Comparison of releases: what changed, in the order in which it would run, with what is worth a look."""
