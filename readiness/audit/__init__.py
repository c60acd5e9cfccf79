"""The security audit: every line of the checklist is a row, which a check or exact steps for a person decide.

`checklist.py` has the lines and the results that people have recorded. `google_checks.py`, `black_box.py` and
`prowler_output.py` find evidence. `report.py` makes rows from the evidence and prints them.
"""
