"""Commands that reach out of the project: to the Pulumi CLI and to live systems."""
