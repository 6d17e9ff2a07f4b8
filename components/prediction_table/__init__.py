"""PredictionTable: what BulkInferrer predicted, as one Parquet file."""
