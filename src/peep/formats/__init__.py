"""Grammars, each once: pure functions from bytes or text to values, and back."""
