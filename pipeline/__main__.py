"""`python -m pipeline`: the `sluice` command."""

from pipeline.cli import main

main()
