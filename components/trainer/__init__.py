"""Trains a model by a function of the user's, here or on worker pools of Vertex."""
