"""Tests of `review`."""
