"""`sluice init`: a working recipe from a table or a query."""

from pipeline.init.errors import InitError
from pipeline.init.write import Written, write_recipe

__all__ = ['InitError', 'Written', 'write_recipe']
