"""`readiness verify`: compares what is live after a deployment with what is declared.

`run.py` decides which checks a stack has and runs them; `service.py`, `smoke.py`, `google.py` and `github.py` hold the
checks by what they ask; `report.py` prints the rows.
"""
