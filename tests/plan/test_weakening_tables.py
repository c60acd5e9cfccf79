"""A rule about weaker settings is in a table, and a type with rules says what its deletion loses."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator

from readiness.plan.weakening import RULES
from readiness.plan.weakening_grants import GRANT_RULES
from readiness.plan.weakening_plan import LOST_BY_DELETION, PLAN_RULES
from readiness.resource_types import CHANNEL, JOB
from tests.projects import ROOT

_FOLDER = ROOT / "readiness" / "plan"
# What rules call, and what puts the tables together.
_WITHOUT_RULES = ("weakening.py", "weakening_rule.py")
# `channel_lost` finds the alerts that no longer use a channel, and `readiness up` refuses to delete a job.
_FOUND_OTHERWISE = {CHANNEL, JOB}


def _rules_of_files() -> Iterator[tuple[str, str]]:
    """File and name of every public function of the rules' files that yields findings."""
    for path in sorted(_FOLDER.glob("weakening*.py")):
        if path.name in _WITHOUT_RULES:
            continue
        module = importlib.import_module(f"readiness.plan.{path.stem}")
        for name, function in inspect.getmembers(module, inspect.isfunction):
            is_own = function.__module__ == module.__name__ and not name.startswith("_")
            if is_own and function.__annotations__.get("return") == "Iterator[WeakenedField]":
                yield path.name, name


def test_every_rule_is_in_a_table_that_the_diff_reads() -> None:
    """A rule that is written and in no table finds nothing; so does a file whose table RULES leaves out."""
    read = {rule.__name__ for _, rule in RULES} | {rule.__name__ for rule in (*PLAN_RULES, *GRANT_RULES)}
    found = list(_rules_of_files())
    assert len(found) > 40, "nothing was compared"
    unread = [f"readiness/plan/{file}: {name}" for file, name in found if name not in read]
    assert unread == [], "add it to the table of its file, and a new file's table to readiness/plan/weakening.py"


def test_a_type_with_rules_says_what_its_deletion_loses() -> None:
    """Else deleting the resource would pass where loosening it does not."""
    unnamed = {type_ for type_, _ in RULES} - LOST_BY_DELETION.keys() - _FOUND_OTHERWISE
    assert unnamed == set(), "add it to LOST_BY_DELETION of readiness/plan/weakening_plan.py"
