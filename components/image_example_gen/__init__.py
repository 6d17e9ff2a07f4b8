"""ImageExampleGen: labelled pictures as tf.Examples, by split."""
