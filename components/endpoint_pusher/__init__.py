"""EndpointPusher: a blessed model to a Vertex endpoint, carefully."""
