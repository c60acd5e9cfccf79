"""Tests of readiness/images."""
