"""Benchmarks against stock TFX, on the same data and machine in one run: `make bench`."""
