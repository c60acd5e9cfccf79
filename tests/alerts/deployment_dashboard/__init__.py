"""Tests of what counts and shows deployments, on six simulated weeks with answers that were worked out by hand."""
