"""What a lock says, and what a lock lacks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


@dataclass(frozen=True, slots=True)
class Locked:
    """One entry of a lock: what it pins, where, and its hashes."""

    requirement: Requirement
    hashes: tuple[str, ...]


def entries(text: str) -> list[Locked]:
    """Every entry of a lock. Raises packaging's InvalidRequirement for a line that is none."""
    lines = re.sub(r" *\\\n *", " ", re.sub(r"^ *#.*\n", "", text, flags=re.MULTILINE)).splitlines()
    parts = [re.split(r" --hash=", line) for line in lines if line.strip()]
    return [Locked(Requirement(first.strip()), tuple(hashes)) for first, *hashes in parts]


def missing(
    locked: Iterable[Locked], requires: Mapping[str, Iterable[str]], environment: Mapping[str, str]
) -> Iterator[str]:
    """What the locked packages need in an environment and the lock lacks, extras included.

    `requires`: the `Requires-Dist` lines of each package, by its canonical name. Markers are read for `environment`.
    """
    present: dict[str, set[str]] = {}
    for entry in locked:
        if _holds(entry.requirement.marker, environment, ""):
            present.setdefault(canonicalize_name(entry.requirement.name), set()).update(entry.requirement.extras)
    for name in sorted(present):
        for line in requires.get(name, ()):
            needed = Requirement(line)
            if not any(_holds(needed.marker, environment, extra) for extra in ("", *present[name])):
                continue
            needed_name = canonicalize_name(needed.name)
            extras = present.get(needed_name)
            if extras is None:
                yield f"{name} needs {needed_name}, which is not in the lock"
            elif lacking := needed.extras - extras:
                yield f"{name} needs {needed_name}[{','.join(sorted(lacking))}], and the lock has it without the extra"


def _holds(marker: Marker | None, environment: Mapping[str, str], extra: str) -> bool:
    return marker is None or marker.evaluate({**environment, "extra": extra})
