"""Settings of a stack: the model, the files, and the rules between settings."""
