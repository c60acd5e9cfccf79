"""What speaks for or against a line: one thing that was looked at, by Prowler, by us, or by a person."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
# What a check of our own yields: its runner knows how it was checked.
Observation = tuple[Verdict, str]
# What a check raises when an answer does not have the form that it reads.
UNKNOWN_FORM = (AttributeError, KeyError, TypeError, ValueError, RecursionError)


def judged(faults: Iterable[str], otherwise: str) -> list[Observation]:
    """A failure for each fault; without a fault, one pass that says `otherwise`."""
    return [(Verdict.FAIL, fault) for fault in faults] or [(Verdict.PASS, otherwise)]


def observed(how: str, observations: Iterable[Observation]) -> list[Evidence]:
    """The observations of one check as evidence."""
    return [_evidence(how, verdict, found) for verdict, found in observations]


def passed(how: str, found: str) -> Evidence:
    """It is as it should be."""
    return _evidence(how, Verdict.PASS, found)


def failed(how: str, found: str) -> Evidence:
    """It is not."""
    return _evidence(how, Verdict.FAIL, found)


def not_checked(how: str, found: str) -> Evidence:
    """Nothing is known, and `found` says why."""
    return _evidence(how, Verdict.NOT_CHECKED, found)


def unknown_form(how: str, error: Exception) -> Evidence:
    """A failure: an answer that no check can read is not as it should be."""
    return failed(how, f"the answer has an unknown form ({type(error).__name__})")


def _evidence(how: str, verdict: Verdict, found: str) -> Evidence:
    return Evidence(how=how, verdict=verdict, found=mask_secrets(found))
