"""The error of a model that can't be exported."""


class PortableError(ValueError):
    """Why a model can't be in another format, in one line."""
