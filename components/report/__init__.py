"""The report: everything a run has found out about its model, as one page that people read."""
