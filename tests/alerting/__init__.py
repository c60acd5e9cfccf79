"""Tests of `alerting`."""
