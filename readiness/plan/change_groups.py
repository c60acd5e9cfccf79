"""The same weakening change on many resources, or in many stacks, as one change, which one entry acknowledges.

The digest of a group is made of its members' digests: who acknowledges it acknowledges exactly these changes of these
resources. A change that has no twin keeps its own digest. There is a digest for each stack, so that an entry stays
valid where one stack is compared alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from readiness.plan.change_lines import SHORT_CHARACTERS, text_changes
from readiness.plan.field_changes import ABSENT, list_of
from readiness.plan.plan_diff import StackDiff
from readiness.plan.weakening import Weakening, digest_of
from readiness.resource_types import ALERT_POLICY, CHANNEL, kind_words
from readiness.settings.placeholders import is_placeholder

_CHANNELS = "notificationChannels"
# As the component for GitHub environments describes a reviewer, whose resource has only the number.
_PERSON = re.compile(r"(user|team) (\S{1,100}) \(id (\d+)\)")
_NUMBER_OF_A_PERSON = re.compile(r"\b(user|team) (\d+)\b")


@dataclass(frozen=True, kw_only=True)
class ChangeGroup:
    """Weakening changes that are the same but for the resource. There is at least one member; all have one type."""

    members: tuple[Weakening, ...]

    @cached_property
    def digests(self) -> tuple[str, ...]:
        """For each stack the digest of its one member, or one that is made of the digests of its members."""
        return tuple(_digest(self.of_stack(stack)) for stack in self.stacks)

    @property
    def stacks(self) -> tuple[str, ...]:
        """The stacks of the members, sorted."""
        return tuple(sorted({member.stack for member in self.members}))

    @property
    def reasons(self) -> tuple[str, ...]:
        """What is weaker, in words: the same for every member."""
        first = self.members[0]
        if first.type == ALERT_POLICY and first.field == _CHANNELS:
            before, after = set(map(str, list_of(first.old))), set(map(str, list_of(first.new)))
            lost, gained = ", ".join(sorted(before - after)), ", ".join(sorted(after - before))
            if lost and gained:
                return (f"notifies {gained} instead of {lost}",)
        return first.reasons

    @property
    def subject(self) -> str:
        """The resource by name, or how many of which kind: `38 alert policies`."""
        first = self.members[0]
        names = {member.name for member in self.members}
        if len(names) == 1 or not first.type:
            return first.name
        return kind_words(first.type, len(self.members))

    def of_stack(self, stack: str) -> tuple[Weakening, ...]:
        """The members of one stack."""
        return tuple(member for member in self.members if member.stack == stack)


def _digest(members: Sequence[Weakening]) -> str:
    return members[0].digest if len(members) == 1 else digest_of(sorted(member.digest for member in members))


def change_groups(found: Iterable[Weakening]) -> tuple[ChangeGroup, ...]:
    """The changes in groups, in the order of each group's first member."""
    groups: dict[tuple[object, ...], list[Weakening]] = {}
    for change in found:
        key = (change.type, change.field, change.reasons, _difference(change))
        groups.setdefault(key, []).append(change)
    return tuple(ChangeGroup(members=tuple(members)) for members in groups.values())


def leaves_placeholder(change: Weakening) -> bool:
    """Whether all that is lost is a placeholder or an address of a reserved domain, which reached nobody."""
    lost: list[Any] = []
    if change.type == ALERT_POLICY and change.field == _CHANNELS:
        lost = [entry for entry in list_of(change.old) if entry not in list_of(change.new)]
    elif change.type == CHANNEL and change.field.partition(".")[0] == "labels":
        lost = list(change.old.values()) if isinstance(change.old, dict) else [change.old]
    return bool(lost) and all(is_placeholder(entry) for entry in lost)


def people(diff: StackDiff) -> Mapping[tuple[str, str], str]:
    """Login or team slug by kind and number, as the components of both plans name them; the new plan counts first."""
    found: dict[tuple[str, str], str] = {}
    for plan in (diff.old, diff.new):
        for resource in plan.resources.values():
            for value in resource.inputs.values() if resource.is_component else ():
                texts = (text for text in list_of(value) if isinstance(text, str))
                for match in filter(None, map(_PERSON.fullmatch, texts)):
                    found[match[1], match[3]] = match[2]
    return found


def with_people(text: str, known: Mapping[tuple[str, str], str]) -> str:
    """The text with login or slug beside each number of a user or team that is known: `user ada (id 7)`."""

    def named(match: re.Match[str]) -> str:
        name = known.get((match[1], match[2]))
        return f"{match[1]} {name} (id {match[2]})" if name else match[0]

    return _NUMBER_OF_A_PERSON.sub(named, text)


def changed_lines(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines that are removed, added or noted, without indentation, context and repetitions."""
    bare = (f"{line[0]} {line[1:].strip()}" for line in lines if line[:1] in ("-", "+", "!") and line[1:].strip())
    return tuple(dict.fromkeys(bare))


def _difference(change: Weakening) -> tuple[str, ...]:
    """What differs, so that texts that differ in the same place by the same words have the same."""
    old, new = change.old, change.new
    if isinstance(old, str) and isinstance(new, str) and max(len(old), len(new)) > SHORT_CHARACTERS:
        names = change.field.replace("]", "").replace("[", ".").split(".")
        lines = changed_lines(text_changes(names, old, new))
        if any(line[0] in "-+" for line in lines):
            return lines
    return tuple("" if value is ABSENT else json.dumps(value, sort_keys=True) for value in (old, new))
