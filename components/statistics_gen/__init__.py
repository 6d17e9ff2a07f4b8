"""Statistics of the examples, by TFDV, in this process."""
