"""NewDataGate: lets a run go on only if there is data that the last one did not have."""
