"""Tests of the security audit."""
