"""`readiness verify`: compares the live resources after a deployment with the declared ones.

`run.py` decides which checks a stack has and runs them. `service.py`, `smoke.py`, `google.py` and `github.py` contain
the checks, by the system that they query. `report.py` prints the rows.
"""
