"""`python -m nodegraph` is the command `nodegraph`."""

from nodegraph.cli import main

main()
