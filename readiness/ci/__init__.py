"""Whether the checks that a branch requires can fail: read from the workflow files alone, nothing is run."""
