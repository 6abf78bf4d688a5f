"""Ready graphs, written as YAML."""
