"""Commands in the background: a test or linter is refused, and what may be a server is only pointed out."""

from __future__ import annotations

import pytest

from readiness.finding import Severity
from tests.ci.scripts import found


@pytest.mark.parametrize(
    ("script", "severity"),
    [
        ("npm start &", Severity.WARNING),
        ("nohup ./serve.sh > log 2>&1 &", Severity.WARNING),
        ("npm start & echo started", Severity.WARNING),
        ("npm run start:test &", Severity.WARNING),
        ("pytest &", Severity.ERROR),
        ("python -m pytest & mypy .", Severity.ERROR),
        ("npm run test:unit & npm run build", Severity.ERROR),
        ("make -s test & make build", Severity.ERROR),
        ("./build.sh & ./other.sh; wait", Severity.ERROR),
        ("npm start & pytest", None),
        ("npm run start:test & make e2e", None),
        ("sleep 5 & pytest", None),
        ("[ -f x ] & make", None),
        ("pytest & wait $!", None),
    ],
)
def test_what_runs_in_the_background_is_judged_by_what_it_is(script: str, severity: Severity | None) -> None:
    """By its name, by a `wait` for all, and by whether something else in the script could fail."""
    assert [finding.severity for finding in found(script)] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("script", "line"),
    [("make build\npytest &\nwait\n", 2), ("pytest & first=$!\nmypy & second=$!\nwait $second\n", 1)],
)
def test_the_line_is_that_of_the_command(script: str, line: int) -> None:
    """And not that of the `wait`."""
    (finding,) = found(script)
    assert (finding.line, finding.severity) == (line, Severity.ERROR)
