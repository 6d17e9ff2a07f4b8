"""Runs beside each other: what their recipes differ in, and whether their models do."""
