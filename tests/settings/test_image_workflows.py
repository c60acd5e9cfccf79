"""Rules of the managed workflows around the images, above all of what is accepted, why and until when."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from readiness.finding import Severity
from tests.edits import edit, found, line_of
from tests.pinned_clock import TODAY

LIST = "image_workflows.accepted_vulnerabilities"


def accept(
    project: Path, *, expires: str, id_: str = "CVE-2026-1000", package: str = "pkg:npm/next", reason: str = ""
) -> None:
    """Adds an entry to the list of prod."""
    text = (
        "    accepted_vulnerabilities:\n"
        f"      - id: {id_}\n        package: {package}\n"
        f"        reason: {reason or 'Only a development server reaches this'}\n        expires: {expires}\n"
    )
    line = "    scan_identity: github-actions-deployer@ytgrs-464303.iam.gserviceaccount.com\n"
    edit(project, line, line + text)


def day(days: int) -> str:
    """A day so many days from now, as it stands in the file."""
    return f'"{TODAY + timedelta(days=days)}"'


def test_ninety_days_are_accepted_and_no_day_more(project: Path) -> None:
    """Who accepts longer has decided never to fix it. Whole days, by UTC."""
    accept(project, expires=day(90))
    assert LIST not in "".join(found(project))


def test_more_than_ninety_days_are_refused_with_the_last_day_that_is_taken(project: Path) -> None:
    """The hint can be copied."""
    accept(project, expires=day(91))
    problem = found(project)[f"{LIST}[0].expires"]
    assert problem.severity is Severity.ERROR
    assert problem.message == "is more than 90 days away"
    assert str(TODAY + timedelta(days=90)) in problem.hint


@pytest.mark.parametrize(("days", "when"), [(30, "in 30 days"), (1, "in 1 day")])
def test_a_day_that_is_at_most_30_days_away_is_a_warning(project: Path, days: int, when: str) -> None:
    """Time to update the package, or to renew the entry."""
    accept(project, expires=day(days))
    problem = found(project)[f"{LIST}[0].expires"]
    assert problem.severity is Severity.WARNING
    assert problem.message == f"expires on {TODAY + timedelta(days=days)}, {when}"
    assert problem.hint.startswith("Update the package and remove the entry")
    assert (problem.file, problem.line) == ("Pulumi.prod.yaml", line_of(project, "expires:"))


def test_nothing_is_said_31_days_before(project: Path) -> None:
    """That would be a warning for a third of an entry's life."""
    accept(project, expires=day(31))
    assert LIST not in "".join(found(project))


def test_on_the_day_itself_an_entry_has_expired(project: Path) -> None:
    """The gate asks for a day that is to come: one warning, not two."""
    accept(project, expires=day(0))
    assert "has passed" in found(project)[f"{LIST}[0].expires"].message


def test_a_day_that_has_passed_is_a_warning(project: Path) -> None:
    """The gate counts it no longer; a check that turns red by time alone would stop unrelated changes."""
    accept(project, expires='"2026-01-31"')
    problem = found(project)[f"{LIST}[0].expires"]
    assert problem.severity is Severity.WARNING
    assert "excuses nothing any more" in problem.message


def test_a_day_that_no_calendar_has_is_refused(project: Path) -> None:
    """The scanners would refuse the whole file."""
    accept(project, expires='"2026-02-30"')
    assert found(project)[f"{LIST}[0].expires"].message == "is no day of the calendar"


@pytest.mark.parametrize(
    ("key", "change"),
    [
        ("expires", {"expires": '"soon"'}),
        ("id", {"id_": "openssl"}),
        ("package", {"package": "next"}),
        ("package", {"package": "'pkg:npm/next@15.5.2'"}),
        ("reason", {"reason": "fine"}),
    ],
)
def test_an_entry_needs_an_id_a_package_a_reason_and_a_day(project: Path, key: str, change: dict[str, str]) -> None:
    """A version in the package would silently match nothing after the next update."""
    accept(project, **{"expires": day(60), **change})
    assert f"{LIST}[0].{key}" in found(project)


def test_an_entry_twice_is_refused_and_one_vulnerability_of_two_packages_is_not(project: Path) -> None:
    """Which of the two days would count?"""
    accept(project, expires=day(60))
    entry = (
        "      - id: CVE-2026-1000\n        package: {0}\n"
        "        reason: The same as above, once again\n        expires: {1}\n"
    )
    edit(
        project,
        f"        expires: {day(60)}\n",
        f"        expires: {day(60)}\n" + entry.format("pkg:npm/next", day(50)),
    )
    assert found(project)[f"{LIST}[1]"].message == "repeats item [0]"
    edit(project, entry.format("pkg:npm/next", day(50)), entry.format("pkg:npm/react", day(50)))
    assert LIST not in "".join(found(project))


def test_an_identity_is_a_service_account(project: Path) -> None:
    """A person's address has a key: a password."""
    edit(
        project,
        "    scan_identity: github-actions-deployer@ytgrs-464303.iam.gserviceaccount.com",
        "    scan_identity: ada@x.io",
    )
    assert "image_workflows.scan_identity" in found(project)
