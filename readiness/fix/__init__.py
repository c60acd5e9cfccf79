"""Edits of a checkout of the application's repository, shown as a diff and written only on request."""
