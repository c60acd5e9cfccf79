"""What speaks for or against a line: one thing that was looked at, by Prowler, by us, or by a person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from readiness.secret_shapes import mask_secrets


class Verdict(StrEnum):
    """NOTE decides nothing. NOT_CHECKED says why nothing is known."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    NOTE = "note"
    NOT_CHECKED = "not checked"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """`how`: the check's name and what it asked. `found`: what was seen, never a credential."""

    how: str
    verdict: Verdict
    found: str


# By the name of a check.
Found = Mapping[str, Sequence[Evidence]]


def passed(how: str, found: str) -> Evidence:
    """It is as it should be."""
    return Evidence(how=how, verdict=Verdict.PASS, found=mask_secrets(found))


def failed(how: str, found: str) -> Evidence:
    """It is not."""
    return Evidence(how=how, verdict=Verdict.FAIL, found=mask_secrets(found))


def not_checked(how: str, found: str) -> Evidence:
    """Nothing is known, and `found` says why."""
    return Evidence(how=how, verdict=Verdict.NOT_CHECKED, found=mask_secrets(found))
