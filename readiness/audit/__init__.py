"""The security audit: every line that was asked for is a row, checked where it can be, with exact steps where not.

`checklist.py` holds the lines and what people have recorded of them; `google_checks.py`, `black_box.py` and
`prowler_output.py` find evidence; `report.py` makes the rows of it and prints them.
"""
