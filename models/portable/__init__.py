"""A model's network in formats of other runtimes, and its preprocessing in words."""
