"""Tests of the check on checks: what it finds is what GitHub and bash really do."""
