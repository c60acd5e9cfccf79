"""Planting one mistake in a good body, by the path at which it must be found."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from readiness.rules.contracts import check_body, check_plan
from readiness.rules.violation import Violation
from tests.rules.good_inputs import good_body, good_inputs, resource

LEFT_OUT = object()
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Mistake:
    """`value` is put at `path`; the one violation stands at `found_at`, or at `path`, and says `message`."""

    sentence: str
    type_: str
    path: str
    value: Any
    message: str
    found_at: str | None = None

    def __str__(self) -> str:
        """The test's id."""
        return self.sentence.replace(" ", "_")

    def violations_in_body(self) -> list[Violation]:
        """What is found when the mistake stands in the body that is sent."""
        return check_body(self.type_, planted(good_body(self.type_), self.path, self.value))

    def violations_in_inputs(self) -> list[Violation]:
        """What is found when the mistake stands in the inputs of a resource."""
        return check_plan([resource(self.type_, planted(good_inputs(self.type_), self.path, self.value))])


def assert_found(mistake: Mistake, found: list[Violation]) -> None:
    """Exactly one violation, at the path, that says what is wrong."""
    expected = mistake.path if mistake.found_at is None else mistake.found_at
    assert [violation.path for violation in found] == [expected], [str(violation) for violation in found]
    assert mistake.message in found[0].message, found[0].message


def planted(body: Any, path: str, value: Any) -> Any:
    """The body with `value` at `path`, or without what stands there."""
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
