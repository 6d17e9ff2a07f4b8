"""What can go wrong before a step has started, or between two."""


class RehearsalError(ValueError):
    """A job that can't be run as it is; one line that names what, and the fix."""
