"""BigQuery SQL for DuckDB: the same rows, or a refusal that says why."""

from components.query_example_gen.sql.translate import Translation, macros, translate

__all__ = ['Translation', 'macros', 'translate']
