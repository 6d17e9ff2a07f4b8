"""Predictions in bulk: a table or a folder of pictures through a model, into a table."""
