"""How right and how fast nodegraph is: one script a question."""
