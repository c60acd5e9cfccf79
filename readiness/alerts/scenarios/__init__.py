"""Incidents of the built-in alerts, generated from the settings of a stack, and their run in promtool."""
