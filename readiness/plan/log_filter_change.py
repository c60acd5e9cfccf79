"""What changed between two filters of Cloud Logging or Monitoring, and whether the new one lets less through.

Reads the conjunctions that such filters are: one comparison a line or between `AND`s. The rest is compared as text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

_JOINT = re.compile(r"\s*\n\s*|\s+AND\s+")
_COMPARISON = re.compile(r"^(?P<negated>(?:NOT\s+|-)?)(?P<subject>[\w.\-/\"]+)\s*(?P<operator>=~|!~|!=|>=|<=|=|:|>|<)")
# Pieces of a regular expression or of a list: what is lost of them is no longer matched.
_PIECES = re.compile(r"\s+OR\s+|[|()]")

# Cloud Logging takes 20,000.
MAX_JUDGED_CHARACTERS = 100_000


@dataclass(frozen=True, slots=True)
class FilterChange:
    """One difference: `resource.labels.service_name without "shop-web"`."""

    text: str
    is_narrower: bool


def filter_changes(old: str, new: str) -> list[FilterChange]:
    """Every clause that differs; empty for filters that differ in spaces and order only."""
    if max(len(old), len(new)) > MAX_JUDGED_CHARACTERS:
        return [FilterChange("is too long to be judged", is_narrower=True)] if old != new else []
    lost, gained = _clauses(old), _clauses(new)
    lost, gained = lost - gained, gained - lost
    changes: list[FilterChange] = []
    for clause in sorted(lost):
        partner = next((each for each in sorted(gained) if gained[each] and _subject(each) == _subject(clause)), None)
        if partner is None:
            changes.append(FilterChange(f"no longer asked: {clause}", is_narrower=_is_negative(clause) is None))
        else:
            gained[partner] -= 1
            changes += _within(clause, partner)
    changes += [FilterChange(f"asked besides: {clause}", is_narrower=True) for clause in sorted(+gained)]
    return changes


def _clauses(text: str) -> Counter[str]:
    return Counter(clause for each in _JOINT.split(text.strip()) if (clause := " ".join(each.split())))


def _subject(clause: str) -> tuple[str, str] | None:
    """What is compared and how; None for a clause of another form, which has no partner."""
    match = _COMPARISON.match(clause)
    return (match["negated"].strip() + match["subject"], match["operator"]) if match else None


def _is_negative(clause: str) -> bool | None:
    """Whether the clause lets through what does not match; None where it cannot be told."""
    match = _COMPARISON.match(clause)
    if match is None or match["operator"] in (">", "<", ">=", "<="):
        return None
    return bool(match["negated"]) is not match["operator"].startswith("!")


def _within(old: str, new: str) -> Iterator[FilterChange]:
    match = _COMPARISON.match(old)
    subject = f"{match['negated']}{match['subject']}" if match else old
    negative = _is_negative(old)
    before, after = (_pieces(clause) for clause in (old, new))
    lost, gained = sorted(before - after), sorted(after - before)
    if negative is None or not (lost or gained):
        yield FilterChange(f"{old} -> {new}: cannot be judged", is_narrower=True)
        return
    parts = [f"without {', '.join(lost)}"] if lost else []
    parts += [f"with {', '.join(gained)}"] if gained else []
    yield FilterChange(f"{subject} {', '.join(parts)}", is_narrower=bool(gained if negative else lost))


def _pieces(clause: str) -> frozenset[str]:
    match = _COMPARISON.match(clause)
    value = clause[match.end() :] if match else clause
    return frozenset(piece.strip(' "') for piece in _PIECES.split(value) if piece.strip(' "'))
