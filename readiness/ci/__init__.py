"""Whether the checks that a branch requires can say no: read from the workflow files alone, nothing is run."""
