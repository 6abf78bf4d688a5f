"""`python -m nodegraph` is the command `nodegraph`."""

from nodegraph.experiments.cli import main

main()
