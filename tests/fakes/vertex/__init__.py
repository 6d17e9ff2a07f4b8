"""Vertex AI's services."""
