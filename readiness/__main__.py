"""`python -m readiness`."""

from readiness.cli.main import main

main()
