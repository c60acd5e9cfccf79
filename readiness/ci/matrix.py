"""The legs of a job's matrix, as GitHub multiplies them (GHD workflow-syntax.md, `jobs.<job_id>.strategy.matrix`)."""

from __future__ import annotations

import itertools
from typing import Any

# GitHub's own limit of jobs that one matrix makes in a run.
MAX_LEGS = 256

Leg = dict[str, Any]


def legs_of(strategy: Any) -> list[Leg] | None:
    """The values of each leg; one empty leg without a matrix, None where it is computed while the workflow runs."""
    matrix = strategy.get("matrix") if isinstance(strategy, dict) else None
    if matrix is None:
        return [{}]
    if not isinstance(matrix, dict):
        return None
    axes = {name: values for name, values in matrix.items() if name not in ("include", "exclude")}
    include, exclude = matrix.get("include", []), matrix.get("exclude", [])
    if not all(isinstance(each, list) for each in (*axes.values(), include, exclude)):
        return None
    count = 1
    for values in axes.values():
        count *= len(values)
    if count > MAX_LEGS or not all(isinstance(each, dict) for each in (*include, *exclude)):
        return None
    products = itertools.product(*axes.values()) if axes else ()
    legs = [dict(zip(axes, values, strict=True)) for values in products]
    legs = [leg for leg in legs if not any(_fits(each, leg) for each in exclude)]
    return _included(legs, include, frozenset(axes))


def _included(legs: list[Leg], include: list[Leg], axes: frozenset[str]) -> list[Leg]:
    """An entry adds to every leg of whose own values it overwrites none; where there is none, it is a new leg."""
    original = [dict(leg) for leg in legs]
    result = list(legs)
    for entry in include:
        fitting = [
            index
            for index, leg in enumerate(original)
            if all(entry[name] == leg[name] for name in entry if name in axes)
        ]
        for index in fitting:
            result[index] = {**result[index], **entry}
        if not fitting:
            result.append(dict(entry))
    return result


def leg_suffix(leg: Leg) -> str:
    """` (ubuntu-24.04, 3.12)`: what GitHub adds to a name that mentions no value of the matrix itself."""
    values = list(_scalars(leg))
    return f" ({', '.join(values)})" if values else ""


def _fits(entry: Leg, leg: Leg) -> bool:
    return all(leg.get(name) == value for name, value in entry.items())


def _scalars(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for each in value.values() for text in _scalars(each)]
    if isinstance(value, list):
        return [text for each in value for text in _scalars(each)]
    return [str(value)]
