"""The error of a batch that can't be predicted at all."""


class BatchError(ValueError):
    """A fault that the user can mend, told in one line."""
