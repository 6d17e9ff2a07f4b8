"""Searches hyperparameters by a function of the user's, several trials at a time."""
