"""Tests of what the application's repository runs: GitHub, Google and Slack are played, nothing is sent."""
