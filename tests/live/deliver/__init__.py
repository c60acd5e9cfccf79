"""Tests of `readiness deliver`."""
