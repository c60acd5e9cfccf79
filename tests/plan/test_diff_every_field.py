"""What may change, appear or disappear without an acknowledgement: every field, option and type there is.

`ordinary_changes.txt` lists that for each field of each type that the contracts describe, for each of these types as a
whole, and for each option of the engine. Nothing else passes. After an intended change, write it again with
`python -m tests.plan.test_diff_every_field` and read the difference: a new line is a change that nobody will see.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pulumi.runtime.proto.resource_pb2 import RegisterResourceRequest

from readiness.plan.offline_plan import _NOT_DECLARED
from readiness.plan.protection import UNKNOWN_TYPE
from readiness.plan.weakening import PROTECTS_NOBODY, protection_of
from readiness.resource_types import RULESET
from readiness.rules.plan_rules import CONTRACTS
from tests.plan.diff_plans import NO_RESOURCES, PlanValue, resource, weakened
from tests.plan.every_field import sample, variants
from tests.plan.weakening_case import put

# A type that no table knows.
UNLIKE = "gcp:example/unlike:Unlike"
# Every option of the engine as a plan has it, with two values each.
OPTIONS: dict[str, tuple[Any, Any]] = {
    "additionalSecretOutputs": (["a"], ["b"]),
    "aliasSpecs": (True, False),
    "aliasURNs": (["a"], ["b"]),
    "aliases": ([{"urn": "a"}], [{"urn": "b"}]),
    "customTimeouts": ({"create": "1m"}, {"create": "2m"}),
    "deleteBeforeReplace": (True, False),
    "deletedWith": ("a", "b"),
    "dependencies": (["a"], ["b"]),
    "envVarMappings": ({"A": "B"}, {"A": "C"}),
    "hideDiffs": (["a"], ["b"]),
    "hooks": ({"beforeDelete": ["a"]}, {"beforeDelete": ["b"]}),
    "ignoreChanges": (["rules"], ["enforcement"]),
    "importId": ("a", "b"),
    "parentStackTraceHandle": ("a", "b"),
    "pluginChecksums": ({"a": "1"}, {"a": "2"}),
    "pluginDownloadURL": ("https://a.example.com", "https://b.example.com"),
    "protect": (True, False),
    "provider": ("a", "b"),
    "providers": ({"gcp": "a"}, {"gcp": "b"}),
    "remote": (True, False),
    "replaceOnChanges": (["rules"], ["enforcement"]),
    "replaceWith": (["a"], ["b"]),
    "replacementTrigger": ("a", "b"),
    "retainOnDelete": (True, False),
    "snippetId": ("a", "b"),
    "stateMigrations": (["a"], ["b"]),
    "transforms": (["a"], ["b"]),
    "version": ("1.0.0", "2.0.0"),
}
RECORD = Path(__file__).with_name("ordinary_changes.txt")
TYPES = sorted(CONTRACTS.keys() - PROTECTS_NOBODY)


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


def _whole(type_: str) -> Iterator[str]:
    """`TYPE (resource): created, …`, of a resource with every input and of one with none what passes."""
    name = type_.rpartition(":")[2]
    for what, inputs in (("with every input", sample(type_)), ("without inputs", PlanValue())):
        it = resource(type_, inputs)
        other = resource(type_, inputs, name="other", options={"aliases": [{"urn": it["urn"]}]})
        unlike = resource(UNLIKE, inputs, options={"aliases": [{"urn": it["urn"]}]})
        ways: dict[str, tuple[list[PlanValue], list[PlanValue]]] = {
            "created": ([], [it]),
            "deleted": ([it], []),
            "renamed": ([it], [resource(type_, inputs, name="other")]),
            "renamed with an alias": ([it], [other]),
            "turned into another type": ([it], [unlike]),
        }
        if passing := [way for way, (old, new) in ways.items() if not weakened(old, new)]:
            yield f"{name} ({what}): {', '.join(passing)}"


def _options() -> Iterator[str]:
    """`(option) NAME: added, …`, of a resource that protects what passes."""
    for name, (value, other) in OPTIONS.items():
        sides = [
            resource(RULESET, {}, options={} if given is None else {name: given}) for given in (None, value, other)
        ]
        none, some, more = sides
        ways = {"changed": (some, more), "changed back": (more, some), "removed": (some, none), "added": (none, some)}
        if passing := [way for way, (old, new) in ways.items() if not weakened([old], [new])]:
            yield f"(option) {name}: {', '.join(passing)}"


def _weakens(type_: str, old: Any, new: Any) -> bool:
    return bool(weakened([resource(type_, old)], [resource(type_, new)]))


def _recorded() -> list[str]:
    return RECORD.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize("type_", TYPES)
def test_what_needs_no_acknowledgement_is_what_somebody_wrote_down(type_: str) -> None:
    """A field that a new SDK adds needs one until somebody looks at it."""
    name = type_.rpartition(":")[2]
    recorded = [line for line in _recorded() if line.startswith(f"{name} ") and not line.startswith(f"{name} (")]
    assert list(_ordinary(type_)) == recorded


@pytest.mark.parametrize("type_", TYPES)
def test_how_a_whole_resource_passes_is_what_somebody_wrote_down(type_: str) -> None:
    """Created, deleted, renamed; of a new type nothing passes until somebody looks at it."""
    recorded = [line for line in _recorded() if line.startswith(f"{type_.rpartition(':')[2]} (")]
    assert list(_whole(type_)) == recorded


def test_the_options_that_pass_are_what_somebody_wrote_down() -> None:
    """An option that a new engine has needs an acknowledgement until somebody looks at it."""
    assert list(_options()) == [line for line in _recorded() if line.startswith("(option) ")]


def test_every_option_of_the_engine_is_tried() -> None:
    """As the request to the engine names them, without what a plan leaves out."""
    declared = {field.json_name for field in RegisterResourceRequest.DESCRIPTOR.fields}
    assert declared - _NOT_DECLARED == OPTIONS.keys()


def test_a_field_or_type_that_nobody_has_thought_of_passes_in_no_way() -> None:
    """The other tests compare with a record; this one says what it must never hold."""
    it, other = resource(UNLIKE, {"a": 1}), resource(UNLIKE, {"a": 1}, name="other")
    for before, after in ((NO_RESOURCES, [it]), ([it], NO_RESOURCES), ([it], [other])):
        assert weakened(before, after)
    for type_ in TYPES:
        whole = sample(type_)
        some, other = ({**whole, "fieldOfTomorrow": text} for text in "ab")
        for old, new in ((whole, some), (some, whole), (some, other)):
            assert _weakens(type_, old, new)


@pytest.mark.parametrize("type_", TYPES)
def test_every_type_of_the_contracts_has_a_table(type_: str) -> None:
    """One without would have every change pass."""
    assert protection_of(type_) not in (None, UNKNOWN_TYPE), "add a table to readiness/plan/protection_of_*.py"


def test_the_record_names_types_that_there_are() -> None:
    """A line about no type would never be compared."""
    names = {*(type_.rpartition(":")[2] for type_ in TYPES), "(option)"}
    assert {line.partition(" ")[0] for line in _recorded()} <= names
    assert all(protection_of(type_) is None for type_ in PROTECTS_NOBODY)
    assert CONTRACTS.keys() >= PROTECTS_NOBODY


if __name__ == "__main__":
    lines = [line for type_ in TYPES for line in (*_whole(type_), *_ordinary(type_))]
    RECORD.write_text("".join(f"{line}\n" for line in (*_options(), *lines)), encoding="utf-8")
