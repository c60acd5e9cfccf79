"""Every field of every type that the contracts describe: what of it may change, go or come without an acknowledgement.

`ordinary_changes.txt` lists that, field by field, and nothing else passes. After a change on purpose, write it anew
with `python -m tests.plan.test_diff_every_field` and read the difference: a line that comes is protection that goes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.weakening import guard_of
from readiness.resource_types import DASHBOARD, LABEL
from readiness.rules.plan_rules import CONTRACTS
from tests.plan.diff_plans import resource, weakened
from tests.plan.every_field import sample, variants
from tests.plan.weakening_case import put

RECORD = Path(__file__).with_name("ordinary_changes.txt")
# Nobody is protected by the picture of a figure, or by a label of issues.
UNGUARDED = {DASHBOARD, LABEL}
TYPES = sorted(CONTRACTS.keys() - UNGUARDED)


def _ordinary(type_: str) -> Iterator[str]:
    """`TYPE FIELD: changed, changed back, removed, added`, of these what needs no acknowledgement."""
    whole = sample(type_)
    for path, other in sorted(variants(whole), key=lambda item: item[0]):
        changed, without = (None if other is None else put(whole, path, other)), put(whole, path, None)
        ways = {"changed": (whole, changed), "changed back": (changed, whole)} if changed else {}
        ways |= {"removed": (whole, without), "added": (without, whole)}
        passing = [way for way, (old, new) in ways.items() if not _weakens(type_, old, new)]
        if passing:
            yield f"{type_.rpartition(':')[2]} {path.replace('.0', '[]')}: {', '.join(passing)}"


def _weakens(type_: str, old: Any, new: Any) -> bool:
    return bool(weakened([resource(type_, old)], [resource(type_, new)]))


def _recorded() -> list[str]:
    return RECORD.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("type_", TYPES)
def test_what_needs_no_acknowledgement_is_what_somebody_wrote_down(type_: str) -> None:
    """A field that a new SDK adds needs one until somebody looks at it."""
    recorded = [line for line in _recorded() if line.startswith(f"{type_.rpartition(':')[2]} ")]
    assert list(_ordinary(type_)) == recorded


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_of_the_contracts_has_a_table(type_: str) -> None:
    """One without would have every change pass."""
    assert guard_of(type_) is not None, "add a table to readiness/plan/guards_of_*.py"


def test_the_record_names_types_that_there_are() -> None:
    """A line about no type would never be compared."""
    names = {type_.rpartition(":")[2] for type_ in TYPES}
    assert {line.partition(" ")[0] for line in _recorded()} <= names
    assert all(guard_of(type_) is None for type_ in UNGUARDED)


if __name__ == "__main__":
    RECORD.write_text("".join(f"{line}\n" for type_ in TYPES for line in _ordinary(type_)), encoding="utf-8")
