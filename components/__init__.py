"""Pulumi components, one in each file. `arguments`, `outputs` and `resource_options` hold what the components share."""
