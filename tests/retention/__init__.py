"""Tests of readiness/retention."""
