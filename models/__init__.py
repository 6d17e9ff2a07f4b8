"""Keras models: settings, training, tuning and export."""
