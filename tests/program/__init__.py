"""Tests of the workflows, this repository's own and those that are delivered."""
