"""How deployments are counted and shown: the log-based metrics and the dashboard, as data."""
