"""peep: prudently examine every package, then install exactly that."""

__version__ = "4.0.0.dev0"
