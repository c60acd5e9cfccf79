"""Tests of `managed_files`."""
