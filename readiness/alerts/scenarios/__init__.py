"""Incidents of the built-in alerts, made from the settings of a stack, and their run under promtool."""
