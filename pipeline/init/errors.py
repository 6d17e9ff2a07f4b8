"""The error of `sluice init`."""


class InitError(ValueError):
    """A source that no recipe can be written from, told in one line."""
