"""The alert rules as data: queries, log metrics, and the texts that an on-call engineer reads."""
