"""BigQuery: its REST API and Storage Read, on DuckDB by the project's own translator."""
