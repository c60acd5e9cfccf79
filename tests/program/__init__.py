"""Tests of the whole program, on fixture projects."""
