"""Feature kinds and the preprocessing functions that carry them out."""
