"""Runs a compiled pipeline as Vertex would, on this machine, against stand-ins for its services."""
