"""What a change does to the costs of every stack: before, after and the difference, with the same prices on both sides.

The stacks of one Google project share what is free for the project, so that a change of one moves the costs of another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from readiness.plan.cost import Basis, Cost, Line, OtherStacks, Resource, cost_of, executions_of
from readiness.plan.plan_diff import StackDiff
from readiness.plan.plan_file import ReadPlan


@dataclass(frozen=True, kw_only=True, slots=True)
class LineChange:
    """One thing that is billed, before and after; None where the stack does not have it on that side."""

    before: Line | None
    after: Line | None

    @property
    def line(self) -> Line:
        """The line as it will be, or as it was."""
        line = self.after or self.before
        if line is None:
            raise ValueError("a change has a line")
        return line

    @property
    def is_change(self) -> bool:
        """Whether quantity or amount differs, or where both are not known, what they depend on."""
        if self.before is None or self.after is None:
            return True
        known = [(line.quantity, line.amount) for line in (self.before, self.after)]
        is_known = None not in known[0]
        return known[0] != known[1] or (not is_known and self.before.derived != self.after.derived)

    @property
    def quantity(self) -> float | None:
        """By how much the quantity changes; None where one of them is not known."""
        sides = [0 if line is None else line.quantity for line in (self.before, self.after)]
        return _difference(*sides)

    @property
    def amount(self) -> float | None:
        """By how much the amount changes, in USD a month; None where one of them is not known."""
        sides = [0 if line is None else line.amount for line in (self.before, self.after)]
        return _difference(*sides)


@dataclass(frozen=True, kw_only=True, slots=True)
class CostChange:
    """The costs of a stack before and after."""

    before: Cost
    after: Cost

    @property
    def stack(self) -> str:
        """The name of the stack."""
        return self.after.stack

    @property
    def lines(self) -> tuple[LineChange, ...]:
        """Every line of either side, in order."""
        before = {line.key: line for line in self.before.lines}
        after = {line.key: line for line in self.after.lines}
        keys = dict.fromkeys((*after, *before))
        return tuple(LineChange(before=before.get(key), after=after.get(key)) for key in keys)

    @property
    def changed(self) -> tuple[LineChange, ...]:
        """The lines in which something changes."""
        return tuple(change for change in self.lines if change.is_change)

    @property
    def unknown(self) -> tuple[str, ...]:
        """What changes by an amount that is not known."""
        return tuple(change.line.what for change in self.changed if change.amount is None)


def cost_changes(diffs: Sequence[StackDiff], bases: Mapping[str, Basis]) -> tuple[CostChange, ...]:
    """The costs of every compared stack, in the order of `diffs`.

    `bases` contains, by stack, prices, expected usage, and the usage of the stacks that are not compared. The usage of
    the compared stacks is computed here.
    """
    before = [_cost(diff.old, diffs, bases, is_old=True) for diff in diffs]
    after = [_cost(diff.new, diffs, bases, is_old=False) for diff in diffs]
    return tuple(CostChange(before=old, after=new) for old, new in zip(before, after, strict=True))


def _cost(plan: ReadPlan, diffs: Sequence[StackDiff], bases: Mapping[str, Basis], *, is_old: bool) -> Cost:
    others = [other for diff in diffs if (other := diff.old if is_old else diff.new).stack != plan.stack]
    project = _google_project(plan)
    same = [other for other in others if other.resources and project and _google_project(other) == project]
    basis = bases.get(plan.stack, Basis())
    left_out = basis.others
    shared = OtherStacks(
        names=(*(other.stack for other in same), *left_out.names),
        executions=left_out.executions + sum(executions_of(_resources(other)) for other in same),
        log_gib=left_out.log_gib + sum(bases.get(other.stack, Basis()).usage.log_gib or 0 for other in same),
        unknown=left_out.unknown,
    )
    return cost_of(plan.stack, _resources(plan), replace(basis, others=shared))


def _resources(plan: ReadPlan) -> list[Resource]:
    return [
        {"type": resource.type, "name": resource.name, "inputs": resource.inputs}
        for resource in plan.resources.values()
    ]


def _google_project(plan: ReadPlan) -> str | None:
    """The project that most of a plan's resources name; None where none names one."""
    named = Counter(_projects(plan))
    return named.most_common(1)[0][0] if named else None


def _projects(plan: ReadPlan) -> Iterator[str]:
    for resource in plan.resources.values():
        project = resource.inputs.get("project")
        if resource.type.startswith("gcp:") and isinstance(project, str):
            yield project


def _difference(before: float | None, after: float | None) -> float | None:
    return None if before is None or after is None else round(after - before, 10)
