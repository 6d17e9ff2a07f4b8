"""ServingGate: the exported model must answer over HTTP what it was evaluated with."""
