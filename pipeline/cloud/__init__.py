"""Google Cloud from the command line: runs, schedules, plans, checks."""
