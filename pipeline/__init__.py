"""The recipe, the DAG, the runners and the command line."""
