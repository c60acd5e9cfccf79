"""Planting one mistake in a good body, by the path at which it must be found, and asking what the contracts say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from readiness.rules.plan_rules import RULES, body_remarks, plan_findings
from tests.rules.good_inputs import good_body, good_inputs, resource

LEFT_OUT = object()
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class Found(NamedTuple):
    """What is wrong with a field of a resource, or of a body."""

    resource: str
    path: str
    message: str

    def __str__(self) -> str:
        """`RESOURCE: PATH: what is wrong`."""
        return ": ".join(part for part in self if part)


def check_plan(resources: Sequence[dict[str, Any]]) -> list[Found]:
    """What the contracts say of a plan's resources."""
    contracts = [rule for rule in RULES if rule.id == "api-contract"]
    found = plan_findings(resources, rules=contracts)
    parts = [(finding.key.partition(": "), finding.message) for finding in found]
    return [Found(name, path, message) for (name, _, path), message in parts]


def check_body(type_: str, body: Any) -> list[Found]:
    """What the contract of a type says of a body."""
    return [Found(type_, path, message) for path, message in body_remarks(type_, body)]


@dataclass(frozen=True, slots=True)
class Mistake:
    """`value` is put at `path`; the one finding is at `found_at`, or at `path`, and says `message`."""

    sentence: str
    type_: str
    path: str
    value: Any
    message: str
    found_at: str | None = None

    def __str__(self) -> str:
        """The test's id."""
        return self.sentence.replace(" ", "_")

    def found_in_body(self) -> list[Found]:
        """The findings if the mistake is in the body that is sent."""
        return check_body(self.type_, planted(good_body(self.type_), self.path, self.value))

    def found_in_inputs(self) -> list[Found]:
        """The findings if the mistake is in the inputs of a resource."""
        return check_plan([resource(self.type_, planted(good_inputs(self.type_), self.path, self.value))])


def assert_found(mistake: Mistake, found: list[Found]) -> None:
    """Exactly one finding, at the path, that says what is wrong."""
    expected = mistake.path if mistake.found_at is None else mistake.found_at
    assert [finding.path for finding in found] == [expected], [str(finding) for finding in found]
    assert mistake.message in found[0].message, found[0].message


def planted(body: Any, path: str, value: Any) -> Any:
    """The body with `value` at `path`, or without the value there."""
    steps: list[Any] = [name or int(index) for name, index in _STEP.findall(path)]
    if not steps:
        return value
    place = body
    for step in steps[:-1]:
        place = place[step]
    if value is LEFT_OUT:
        del place[steps[-1]]
    else:
        place[steps[-1]] = value
    return body
