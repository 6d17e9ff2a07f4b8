"""From a BigQuery query to tf.Examples by split."""
