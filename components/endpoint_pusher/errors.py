"""What goes wrong with a push to an endpoint."""


class EndpointError(Exception):
    """A model was not put onto the endpoint, which is as it was; one line that says why."""


class CloudError(EndpointError):
    """Vertex refused a call, or did not answer it."""


class SmokeError(EndpointError):
    """A deployed model does not answer as it was evaluated."""
