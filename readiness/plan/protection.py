"""The table of a resource type decides which changes need an acknowledgement.

A table lists what passes. Every other change needs an acknowledgement, so an unforeseen one does too:

- A field that is harmless (a name, a description, a label, documentation) may change, appear and disappear.
- A field with a rule may change as far as the rule knows that the change is stricter or means the same.
- Every other field counts, whether it changes, appears or disappears.
- A new resource, a deleted one and a replaced one count, unless the table says that this removes no protection. Each
  table must say so: `created` and `deleted` have no default.
- A type without a table has the table `UNKNOWN_TYPE`, in which almost nothing passes. The types that protect nothing
  are named in `weakening.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from readiness.plan.change_lines import shortened, value_text
from readiness.plan.field_changes import ABSENT, Inputs, below, holds_objects, is_same, number_of, paired_entries
from readiness.plan.query_change import filter_changes
from readiness.times import seconds_of

# The field of a finding about all of a resource.
WHOLE_RESOURCE = "(resource)"
# What a rule yields if it cannot decide: the change gets the sentence of a field without a rule.
NOT_KNOWN = ""
# Everybody on the internet, and everybody with any Google account.
PUBLIC_MEMBERS = frozenset({"allUsers", "allAuthenticatedUsers"})
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True)
class WeakenedField:
    """A field whose change needs an acknowledgement, and why, as the end of a sentence on the resource."""

    field: str
    old: Any
    new: Any
    reason: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """Two values of a field that differ. `beside` are the objects with the field, `inputs` the whole resources."""

    path: str
    old: Any
    new: Any
    beside: tuple[Inputs, Inputs]
    inputs: tuple[Inputs, Inputs]

    @property
    def sides(self) -> tuple[Any, Any]:
        """The old and the new value."""
        return self.old, self.new


# Yields why a change is weaker, NOT_KNOWN, or a finding about another field than its own; nothing for a change that is
# stricter or means the same. None: the fields below are judged one by one.
Rule = Callable[[Change], Iterable[str | WeakenedField] | None]


# Of a whole resource: why its creation or deletion needs an acknowledgement, as the end of a sentence on the resource,
# or a function of its inputs that yields such sentences.
WholeRule = str | Callable[[Inputs], Iterable[str]]


def takes_nothing(_inputs: Inputs) -> Iterable[str]:
    """For a creation or a deletion that removes no protection, whatever the inputs are."""
    return ()


@dataclass(frozen=True, kw_only=True)
class Protection:
    """The table of the types that match `pattern`. `created`, `changed` and `deleted` end sentences on the resource.

    `harmless` and the keys of `rules` are dotted fields: `conditions[].duration` is in the entries of a list,
    `conditions[+]` an entry that was added, `conditions[-]` one that was removed, and `*` any one key. Without
    `changed`, a change that no rule knows gets a general sentence.
    """

    pattern: str
    created: WholeRule
    deleted: WholeRule
    harmless: Collection[str] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)
    changed: str | None = None

    def matches(self, type_: str) -> bool:
        """Whether the whole type matches the pattern."""
        return re.fullmatch(self.pattern, type_) is not None

    def rule(self, key: str) -> Rule | None:
        """The rule of the field itself."""
        return self.rules.get(key) or self.rules.get(f"{key.rpartition('.')[0]}.*")

    @cached_property
    def holders(self) -> frozenset[str]:
        """The fields below which a field has a rule or is harmless."""
        keys = (*self.harmless, *self.rules)
        return frozenset(key[: match.start()] for key in keys for match in re.finditer(r"[.\[]", key))


UNKNOWN_TYPE = Protection(
    pattern=r".*",
    created="is new, and Readiness has no rules for this type: it is not known what it allows or prevents",
    deleted="is deleted, and Readiness has no rules for this type: it is not known whether it protects something",
    harmless=("description", "displayName"),
)


def reasons_of(rule: WholeRule, inputs: Inputs) -> list[str]:
    """Why the creation or deletion of a resource with these inputs needs an acknowledgement; empty if it needs none."""
    return [rule] if isinstance(rule, str) else list(rule(inputs))


def judged(table: Protection, old: Inputs, new: Inputs) -> Iterator[WeakenedField]:
    """Every field whose change from `old` to `new` is weaker or not known to the table."""
    yield from _judged(table, "", Change(path="", old=old, new=new, beside=(old, new), inputs=(old, new)))


def _judged(table: Protection, key: str, change: Change) -> Iterator[WeakenedField]:
    if is_same(change.old, change.new) or key in table.harmless:
        return
    rule = table.rule(key)
    reasons = rule(change) if rule else None
    if reasons is None:
        parts = list(_parts(change, key, knows_more=key in table.holders))
        for inner_key, inner in parts:
            yield from _judged(table, inner_key, inner)
        reasons = () if parts else (NOT_KNOWN,)
    for reason in reasons:
        yield reason if isinstance(reason, WeakenedField) else _finding(table, change, reason)


def _parts(change: Change, key: str, *, knows_more: bool) -> Iterator[tuple[str, Change]]:
    """The fields or entries of a changed object or list, each with its key in the table; none of anything else."""
    if all(isinstance(value, dict) or (value is ABSENT and knows_more) for value in change.sides):
        old, new = (dict[str, Any]() if value is ABSENT else value for value in change.sides)
        for name in sorted(old.keys() | new.keys()):
            before, after, path = old.get(name, ABSENT), new.get(name, ABSENT), below(change.path, name)
            inner = replace(change, path=path, old=before, new=after, beside=(old, new))
            yield f"{key}.{name}" if key else name, inner
    elif all(holds_objects(value) or (value in (ABSENT, []) and knows_more) for value in change.sides):
        for step, before, after in paired_entries(*([] if value is ABSENT else value for value in change.sides)):
            sign = "[+]" if before is ABSENT else "[-]" if after is ABSENT else "[]"
            yield f"{key}{sign}", replace(change, path=f"{change.path}[{step}]", old=before, new=after)


def _finding(table: Protection, change: Change, reason: str) -> WeakenedField:
    if reason == NOT_KNOWN and table.changed is not None:
        public = ", ".join(sorted(public_members(change.new)))
        reason = f"{change.path}: {table.changed}{f', to {public}' if public else ''}"
    elif reason == NOT_KNOWN:
        values = (shortened(value_text(value), _SHOWN_CHARACTERS) for value in change.sides)
        reason = f"changes {change.path} from {' to '.join(values)}, and it is not known whether that is weaker"
    return WeakenedField(change.path, change.old, change.new, reason)


def public_members(value: Any) -> set[str]:
    """The members in a value that mean everybody, also inside a JSON text."""
    if isinstance(value, (dict, list)):
        items = value.values() if isinstance(value, dict) else value
        return {member for item in items for member in public_members(item)}
    text = value if isinstance(value, str) else ""
    return {member for member in PUBLIC_MEMBERS if text == member or f'"{member}"' in text}


# Rules of which a table is made.


def elsewhere(_change: Change) -> Iterable[str]:
    """For a field that a rule over the whole plan judges, and for one that may only become stricter."""
    return ()


def always(reason: str) -> Rule:
    """For a field each change of which needs an acknowledgement, with a better sentence than the general one."""
    return lambda _change: (reason,)


def stricter_if(is_stricter: Callable[[Any, Any], bool]) -> Rule:
    """For a field of which some changes are known to be stricter. Every other one is not known."""
    return lambda change: () if is_stricter(change.old, change.new) else None


def switched(reason: str, *, off: bool, default: bool) -> Rule:
    """For a flag that weakens when it is turned off (`off`) or on; `default` is what an absent one means."""

    def rule(change: Change) -> Iterator[str]:
        known = {True: True, "true": True, False: False, "false": False}
        flags = [known.get(value) for value in _plain(change, default)]
        if None in flags:
            yield NOT_KNOWN
        elif flags == [off, not off]:
            yield reason

    return rule


def longer(reason: str, *, default: str | None = None) -> Rule:
    """For a duration that weakens when it grows; one that cannot be read counts."""

    def rule(change: Change) -> Iterator[str]:
        before, after = map(seconds_of, _plain(change, default))
        if before is None or after is None or after > before:
            yield reason

    return rule


def fewer(sentence: Callable[[float, float], str], *, default: float) -> Rule:
    """For a number that weakens when it falls; `sentence` gets both."""

    def rule(change: Change) -> Iterator[str]:
        before, after = map(number_of, _plain(change, default))
        if before is None or after is None:
            yield NOT_KNOWN
        elif after < before:
            yield sentence(before, after)

    return rule


def narrower(change: Change) -> Iterable[str]:
    """For a filter of Cloud Logging or Monitoring that weakens when it matches fewer entries."""
    if not all(isinstance(value, str) and value for value in change.sides):
        return (NOT_KNOWN,)
    return [f"filter: {found.text}" for found in filter_changes(change.old, change.new) if found.is_weaker]


def _plain(change: Change, default: Any) -> list[Any]:
    """Both values; None in place of a list or an object."""
    values = (default if value is ABSENT else value for value in change.sides)
    return [None if isinstance(value, (dict, list)) else value for value in values]
