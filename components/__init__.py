"""Custom TFX components, one a folder: spec, thin executor, and plain modules beside them."""
