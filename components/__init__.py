"""Pulumi components, one in each file. `arguments`, `outputs` and `resource_options` contain their shared code."""
