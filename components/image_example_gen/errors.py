"""The errors raised for pictures."""


class PicturesError(ValueError):
    """Pictures that no run can be made of, told in one line; the first word is the key path."""


class UnreadableError(ValueError):
    """One picture that can't be read, and why."""
