"""`readiness doctor`: what a machine, a stack, Google, GitHub and CI lack before a stack can be applied.

Every row says one of four things: it is there, it is missing, it is not known, or it is not needed for an apply. What
could not be asked is not known, and never counts as there. `hint` of a row has one command or address a line.
"""
