"""Simulates which images cleanup would delete and keep, before it may delete. Uses only the standard library."""
