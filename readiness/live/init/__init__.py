"""`readiness init`: its questions and answers (`answers.py`), the files that are made of them, and writing them."""
