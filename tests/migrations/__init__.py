"""Tests of the migrations: what is refused before, and what a real PostgreSQL does."""
