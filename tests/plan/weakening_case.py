"""What a case is for a way in which a protection can become weaker: the inputs before and after, and what is said."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

Inputs = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Case:
    """`judged` says whether the way back is known to be no weakening; where it is not, both ways count."""

    type: str
    old: Inputs
    new: Inputs
    said: str
    judged: bool

    @property
    def name(self) -> str:
        """For the test's id."""
        return f"{self.type.rpartition(':')[2]}: {self.said}"


def cases(type_: str, *rows: tuple[Inputs, Inputs, str], judged: bool = True) -> tuple[Case, ...]:
    """The cases of a type: inputs before, inputs after, and what is said of them."""
    return tuple(Case(type=type_, old=old, new=new, said=said, judged=judged) for old, new, said in rows)


def put(inputs: Inputs, path: str, value: Any) -> Inputs:
    """A copy with another value at a dotted path; `None` takes the value away. Digits are positions."""
    result = copy.deepcopy(inputs)
    *way, last = path.split(".")
    holder: Any = result
    for key in way:
        holder = holder[int(key)] if isinstance(holder, list) else holder.setdefault(key, {})
    place = int(last) if isinstance(holder, list) else last
    if value is None:
        del holder[place]
    else:
        holder[place] = value
    return result
