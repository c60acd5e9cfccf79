"""Edits of a checkout of the application's repository: what to change, as a diff, and written only on request."""
