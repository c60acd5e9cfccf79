"""The alert rules as data: what is asked of Monitoring, what counts in the logs, what the paged person is told."""
