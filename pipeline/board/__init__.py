"""A page of all runs: trends, blessings, reports."""
