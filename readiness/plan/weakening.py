"""The changes that may weaken protection, each with the digest that acknowledges it.

A change passes only if a rule allows it. These decide, in this order:

1. The table of the resource's type (`protection_of_alerts.py`, `protection_of_repository.py`,
   `protection_of_grants.py`) lists the harmless fields, and has rules that recognize a stricter value. It also says
   whether a creation or a deletion removes protection. `protection.py` describes its form.
2. A type without a table needs an acknowledgement for each creation, change and deletion (`UNKNOWN_TYPE`), unless it
   is one of `PROTECTS_NOBODY` or a component, which exists in the plan only.
3. The rules here judge what no field shows: options of the engine, an alias to another type, a replacement, channels,
   branches, the program itself.

So a new field of a provider, a new option of the engine and a new type need an acknowledgement until a table names
them. `tests/plan/ordinary_changes.txt` lists everything that passes, for each field, option and type.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from readiness.plan.engine_rules import (
    adopts_existing,
    deletion_notes,
    ignored_paths,
    lifting_commands,
    without_ignored,
)
from readiness.plan.field_changes import ABSENT, Inputs, at, flat, is_on, list_of, text_at, texts_of
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.plan_file import PlannedResource, ReadPlan
from readiness.plan.program_setup import decision_of_field
from readiness.plan.protection import (
    UNKNOWN_TYPE,
    WHOLE_RESOURCE,
    Protection,
    WeakenedField,
    judged,
    public_members,
    reasons_of,
    takes_nothing,
)
from readiness.plan.protection_of_alerts import ALERT_PROTECTION
from readiness.plan.protection_of_grants import GRANT_PROTECTION
from readiness.plan.protection_of_repository import REPOSITORY_PROTECTION
from readiness.resource_types import (
    ALERT_POLICY,
    BRANCH_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    LABEL,
    REPOSITORY_FILE,
)
from readiness.settings.configuration_keys import Comparison

# The first that matches a type counts.
PROTECTION: tuple[Protection, ...] = (*ALERT_PROTECTION, *REPOSITORY_PROTECTION, *GRANT_PROTECTION)

# Types that protect nothing: a chart, and a label of issues.
PROTECTS_NOBODY = frozenset({DASHBOARD, LABEL})

# What the setup of a stack is called in a diff: no resource, and no URN of one ends so.
SETUP_NAME = "program and providers"

# 80 bits: nobody finds another change with the same digest, and it fits into a line of a table. With the letter
# in front, YAML does not read one as a number.
_DIGEST_LETTER = "w"
_HEX_DIGITS = 20
DIGEST_PATTERN = rf"^{_DIGEST_LETTER}[0-9a-f]{{{_HEX_DIGITS}}}$"

# Ignoring one of these changes nothing that guards.
_HARMLESS_TO_IGNORE = frozenset({"description", "displayName", "labels", "userLabels"})
# Options by which a resource's credentials, or the program that gets them, are other ones.
_PROVIDER_OPTIONS = ("provider", "providers", "pluginDownloadURL", "pluginChecksums", "envVarMappings")
# Options that have a rule in `_options`, or only say in which order, under which former name and by which release the
# engine works. Any other one counts.
_JUDGED_OPTIONS = frozenset(
    {"additionalSecretOutputs", "aliases", "customTimeouts", "dependencies", "ignoreChanges", "importId", "protect",
     "retainOnDelete", "version", *_PROVIDER_OPTIONS}
)  # fmt: skip
# Of the options that are left after those, none is harmless.
_OPTIONS = Protection(pattern="", created=takes_nothing, deleted=takes_nothing)
# Packages that this project uses; any other is a further program that is given the environment.
_USUAL_PACKAGES = frozenset({"gcp", "github", "pulumi"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Weakening:
    """A field of a resource that protects less, or a protected resource that goes; `reasons` end sentences on it."""

    stack: str
    urn: str
    type: str
    name: str
    field: str
    old: Any
    new: Any
    reasons: tuple[str, ...]

    @property
    def digest(self) -> str:
        """Of stack, URN, field, old and new value: who acknowledges this change acknowledges no other."""
        return digest_of([self.stack, self.urn, self.field, _json(self.old), _json(self.new)])


def digest_of(parts: Iterable[str]) -> str:
    """A digest of texts, in the form by which a change is acknowledged."""
    return _DIGEST_LETTER + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:_HEX_DIGITS]


def protection_of(type_: str) -> Protection | None:
    """The table of a type, `UNKNOWN_TYPE` without one; None for a component and for a type that protects nothing."""
    is_managed = "/" in type_ and type_ not in PROTECTS_NOBODY
    return next((table for table in PROTECTION if table.matches(type_)), UNKNOWN_TYPE if is_managed else None)


def weakenings(diff: StackDiff) -> tuple[Weakening, ...]:
    """Everything that weakens protection in the diff of a stack, by URN and field, with all reasons of a field."""
    setup = ("", f"urn:pulumi:{diff.stack}::{diff.new.project}::{SETUP_NAME}", SETUP_NAME)
    found = [(setup, finding) for finding in _setup_findings(diff)]
    for change in diff.changes:
        resource = (change.resource.type, change.resource.urn, change.resource.name)
        found += [(resource, finding) for finding in _findings(diff, change)]
    grouped: dict[tuple[bool, str, str, str, str], Weakening] = {}
    for (type_, urn, name), finding in found:
        field, old, new = finding.field, finding.old, finding.new
        key = (type_ != "", urn, field, _json(old), _json(new))
        reasons = dict.fromkeys((*(grouped[key].reasons if key in grouped else ()), finding.reason))
        grouped[key] = Weakening(
            stack=diff.stack, urn=urn, type=type_, name=name, field=field, old=old, new=new, reasons=tuple(reasons)
        )
    return tuple(grouped[key] for key in sorted(grouped))


def _setup_findings(diff: StackDiff) -> Iterator[WeakenedField]:
    for change in diff.setup:
        decision = decision_of_field(change)
        if decision.comparison is Comparison.ACKNOWLEDGEMENT:
            yield WeakenedField(change.path, change.old, change.new, f"{change.path}: {decision.why}")
    old, new = (ABSENT if plan.setup is None else plan.setup for plan in (diff.old, diff.new))
    if (old is ABSENT) is not (new is ABSENT):
        side = "old" if old is ABSENT else "new"
        reason = f"the {side} plan does not contain which program runs and where credentials are sent"
        yield WeakenedField(WHOLE_RESOURCE, old, new, reason)


def _findings(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    found = list(_of_resource(diff, change))
    yield from found
    old, new, table = change.old, change.new, protection_of(change.resource.type)
    # What forces a replacement has a finding of its own, unless it is a harmless field.
    if not found and table and old and new and change.action is Action.REPLACE:
        for reason in reasons_of(table.deleted, old.inputs):
            why = f"is replaced because of {', '.join(change.replacing)}: the old one {reason}"
            yield WeakenedField(WHOLE_RESOURCE, old.inputs, new.inputs, why)


def _of_resource(diff: StackDiff, change: ResourceChange) -> Iterator[WeakenedField]:
    old, new, table = change.old, change.new, protection_of(change.resource.type)
    yield from _protected_loss(diff.stack, change)
    yield from _files_lost(diff, old)
    if table is None or table is UNKNOWN_TYPE:
        yield from _without_table(diff, old, new, table)
    else:
        yield from _by_table(diff, old, new, table)
    if new is None:
        return
    yield from _provider_changed(diff, old, new)
    if old is not None:
        yield from _protection_removed(old, new)
        yield from _ignored(old, new)
        yield from _type_changed(old, new)
        if table is not None or new.is_component:
            # An option without a rule counts.
            sides = ({k: v for k, v in side.options.items() if k not in _JUDGED_OPTIONS} for side in (old, new))
            yield from judged(_OPTIONS, *({"options": options} for options in sides))
        if new.type == ALERT_POLICY:
            yield from _channel_lost(diff, old, new)
    if new.type == BRANCH_POLICY:
        yield from _branch_admitted(diff, new)


def _without_table(
    diff: StackDiff, old: PlannedResource | None, new: PlannedResource | None, table: Protection | None
) -> Iterator[WeakenedField]:
    """Of a type without a table: what is known to be weaker, and every other change where the type may protect."""
    known = [*_opened_to_all(old, new), *_package_added(diff, old, new)] if new is not None else []
    yield from known
    if table is not None:
        found = {WHOLE_RESOURCE, *(finding.field for finding in known)}
        general = list(_by_table(diff, old, new, table))
        yield from (finding for finding in general if not known or finding.field not in found)


def _protected_loss(stack: str, change: ResourceChange) -> Iterator[WeakenedField]:
    if change.is_protected_loss and change.old is not None:
        reason = f"is protected and would be {change.action}d"
        if change.old.refuses_deletion:
            commands = " and ".join(f"`{command}`" for command in lifting_commands(stack, change.old))
            reason += f", which `readiness up` refuses until you run {commands}"
        new = change.new.inputs if change.new else ABSENT
        yield WeakenedField(WHOLE_RESOURCE, change.old.inputs, new, reason)


def _by_table(
    diff: StackDiff, old: PlannedResource | None, new: PlannedResource | None, table: Protection
) -> Iterator[WeakenedField]:
    """The findings of the type's table. A renamed resource with the same inputs is neither new nor lost.

    It is lost if its creation adopts the existing resource: the engine creates first and then deletes, so that nothing
    is left. A file that is now delivered in another way is not lost either.
    """
    if old is not None and new is not None:
        # A job that exists keeps an ignored image, and one that is still to be made starts with the declared one.
        ignored: list[str] = [] if new.type.endswith(":Job") else ignored_paths(new)
        yield from judged(table, without_ignored(old.inputs, ignored), without_ignored(new.inputs, ignored))
    elif new is not None and new.urn not in {resource.urn for resource in diff.renamed.values()}:
        for reason in reasons_of(table.created, new.inputs):
            yield WeakenedField(WHOLE_RESOURCE, ABSENT, new.inputs, f"{reason}{_who(new.inputs)}")
    elif old is not None:
        twin = diff.renamed.get(old.urn)
        is_forgotten = bool(deletion_notes(old))
        is_lost = adopts_existing(old.type, old.inputs) and not is_forgotten
        if twin is not None and table is not UNKNOWN_TYPE and not is_lost:
            return
        if old.type == REPOSITORY_FILE and is_forgotten and text_at(old.inputs, "file") in _delivered(diff.new):
            return
        for reason in reasons_of(table.deleted, old.inputs):
            order = f"{twin.name} adopts it, and then it " if twin and table is not UNKNOWN_TYPE else ""
            yield WeakenedField(WHOLE_RESOURCE, old.inputs, ABSENT, f"{order}{reason}")


def _files_lost(diff: StackDiff, old: PlannedResource | None) -> Iterator[WeakenedField]:
    """A component no longer delivers a file, such as a workflow that scans. A file of a resource is judged as one."""
    files = set(old.files) if old else set()
    committed = {
        text_at(other.inputs, "file") for other in diff.old.resources.values() if other.type == REPOSITORY_FILE
    }
    if lost := sorted(files - committed - _delivered(diff.new)):
        reason = f"no longer delivers {', '.join(lost)}"
        yield WeakenedField("files", sorted(files), sorted(files - {*lost}), reason)


def _delivered(plan: ReadPlan) -> set[str]:
    """The paths of all files that the plan declares, by a component or by a resource of their own."""
    resources = plan.resources.values()
    own = {text_at(resource.inputs, "file") for resource in resources if resource.type == REPOSITORY_FILE}
    return own | {path for resource in resources for path in resource.files}


def _who(inputs: Inputs) -> str:
    """` of ROLE to MEMBER`, as far as the inputs say so."""
    members = [text_at(inputs, "member"), *(text for text in list_of(inputs.get("members")) if isinstance(text, str))]
    named = ", ".join(member for member in members if member)
    role = text_at(inputs, "role")
    return f"{f' of {role}' if role else ''}{f' to {named}' if named else ''}"


def _provider_changed(diff: StackDiff, old: PlannedResource | None, new: PlannedResource) -> Iterator[WeakenedField]:
    """Other credentials act on the resource, or it is the import of one that exists."""
    options = old.options if old else {}
    new_urns = [urn for urn in diff.new.resources if urn not in diff.old.resources]
    for option in _PROVIDER_OPTIONS:
        before, after = options.get(option, ABSENT), new.options.get(option, ABSENT)
        if before == after:
            continue
        is_new = old is None and option in ("provider", "providers")
        # A provider that is new too is judged itself.
        if not (is_new and any(urn in json.dumps(after) for urn in new_urns)):
            reason = "sends credentials through another provider, or gets the provider from another source"
            yield WeakenedField(f"options.{option}", before, after, reason)
    before, after = options.get("importId", ABSENT), new.options.get("importId", ABSENT)
    if after not in (ABSENT, before):
        reason = "adopts the existing resource with this id and changes it to what is declared"
        yield WeakenedField("options.importId", before, after, reason)


def _type_changed(old: PlannedResource, new: PlannedResource) -> Iterator[WeakenedField]:
    """An alias leads from another type: the tables cannot compare the two."""
    if old.type != new.type:
        reason = (
            f"continues as another type, {new.type} instead of {old.type}; it is not known whether that is as strict"
        )
        yield WeakenedField("type", old.type, new.type, reason)


def _protection_removed(old: PlannedResource, new: PlannedResource) -> Iterator[WeakenedField]:
    """The engine would no longer refuse to delete it, would really delete what it only forgot, or shows a secret."""
    for option, reason in (
        ("protect", "may be deleted"),
        ("retainOnDelete", "is also deleted in the cloud when it is no longer declared"),
    ):
        if old.options.get(option) is True and new.options.get(option) is not True:
            yield WeakenedField(f"options.{option}", True, ABSENT, reason)
    option = "additionalSecretOutputs"
    before, after = (texts_of(side.options.get(option)) for side in (old, new))
    if lost := sorted(before - after):
        reason = f"the state contains {', '.join(lost)} in plain text"
        yield WeakenedField(f"options.{option}", sorted(before), sorted(after), reason)


def _ignored(old: PlannedResource, new: PlannedResource) -> Iterator[WeakenedField]:
    """A field is left as it is from now on, or is overwritten from now on."""
    before, after = set(ignored_paths(old)), set(ignored_paths(new))
    reasons: list[str] = []
    if not new.is_component and (added := sorted(after - before - _HARMLESS_TO_IGNORE)):
        reasons.append(f"changes of {', '.join(added)} no longer have an effect")
    if protection_of(new.type) is not None and (lost := sorted(before - after - _HARMLESS_TO_IGNORE)):
        reasons.append(f"{', '.join(lost)} is set to the declared value from now on")
    for reason in reasons:
        yield WeakenedField("options.ignoreChanges", sorted(before), sorted(after), reason)


def _opened_to_all(old: PlannedResource | None, new: PlannedResource) -> Iterator[WeakenedField]:
    """Everybody may use what is no grant by its type."""
    inputs = old.inputs if old else {}
    before = public_members(inputs)
    for path, value in flat(new.inputs):
        for member in sorted(public_members(value) - before):
            yield WeakenedField(path, at(inputs, path), value, f"opens it to {member}")
    field = "invokerIamDisabled"
    if is_on(new.inputs, field, default=False) and not is_on(inputs, field, default=False):
        yield WeakenedField(field, at(inputs, field), new.inputs[field], "everybody who reaches it may call it")


def _package_added(diff: StackDiff, old: PlannedResource | None, new: PlannedResource) -> Iterator[WeakenedField]:
    """The first resource of a package: the program is new, and gets the environment."""
    package = new.type.partition(":")[0]
    is_provided = not new.is_component or "version" in new.options
    known = _USUAL_PACKAGES | {resource.type.partition(":")[0] for resource in diff.old.resources.values()}
    if old is None and is_provided and package not in known:
        reason = f"is managed by the provider {package}, which was not used before"
        yield WeakenedField(WHOLE_RESOURCE, ABSENT, new.inputs, reason)


def _branch_admitted(diff: StackDiff, policy: PlannedResource) -> Iterator[WeakenedField]:
    """A branch or tag may deploy to an environment that was there, and could not before."""
    fields = ("branchPattern", "tagPattern")
    beside = [other for other in diff.old.resources.values() if _environment_of(other) == _environment_of(policy)]
    before = [
        (field, pattern)
        for other in beside
        for field in fields
        if other.type == BRANCH_POLICY and (pattern := text_at(other.inputs, field))
    ]
    admitted = ", ".join(sorted(pattern for _, pattern in before))
    # An environment that admits branches by pattern only, and has no pattern, admits none.
    by_pattern = "deploymentBranchPolicy.customBranchPolicies"
    if not before and not any(
        other.type == ENVIRONMENT and is_on(other.inputs, by_pattern, default=False) for other in beside
    ):
        return
    for field in fields:
        pattern = text_at(policy.inputs, field)
        if pattern and not any(kind == field and covers(known, pattern) for kind, known in before):
            what = f"the {field.removesuffix('Pattern')} {pattern} may deploy to {_environment_of(policy)[1]}"
            reason = f"{what}, which admitted {admitted or 'none'}"
            yield WeakenedField(field, sorted(pattern for _, pattern in before), pattern, reason)


def _environment_of(resource: PlannedResource) -> tuple[str, str]:
    return text_at(resource.inputs, "repository"), text_at(resource.inputs, "environment")


def _channel_lost(diff: StackDiff, old: PlannedResource, new: PlannedResource) -> Iterator[WeakenedField]:
    """An alert no longer notifies a channel. A renamed channel still counts as notified."""
    field = "notificationChannels"
    given = texts_of(old.inputs.get(field)), texts_of(new.inputs.get(field))
    before, after = _destinations(diff.old, given[0]), _destinations(diff.new, given[1])
    if given[0] != given[1] and (lost := sorted(before - after)):
        yield WeakenedField(field, sorted(before), sorted(after), f"no longer notifies {', '.join(lost)}")


def _destinations(plan: ReadPlan, channels: frozenset[str]) -> frozenset[str]:
    """Where the channels lead; one that the plan does not declare is known by its id."""
    known: dict[str, str] = {}
    for channel in plan.resources.values():
        if channel.type == CHANNEL:
            labels = channel.inputs.get("labels")
            values = [str(value) for _, value in sorted(labels.items())] if isinstance(labels, dict) else []
            # The address of some kinds (PagerDuty) is a secret: there the name has to do.
            known[f"<{channel.name}.id>"] = " ".join([text_at(channel.inputs, "type"), *(values or [channel.name])])
    return frozenset(known.get(channel, channel) for channel in channels)


def covers(wide: str, narrow: str) -> bool:
    """Whether every name that the second pattern matches is matched by the first; False where it is not certain.

    As GitHub matches deployment branches: `*` does not match `/`
    (https://docs.github.com/en/actions/how-tos/deploy/configure-and-manage-deployments/manage-environments).
    """
    if wide == narrow:
        return True
    if "**" in narrow or any(character in wide + narrow for character in "?[]{}\\"):
        return False
    pieces = re.split(r"(\*+)", wide)
    expression = "".join(
        (".*" if len(piece) > 1 else "[^/]*") if "*" in piece else re.escape(piece) for piece in pieces
    )
    return re.fullmatch(expression, narrow) is not None


def _json(value: Any) -> str:
    return "" if value is ABSENT else json.dumps(value, sort_keys=True, ensure_ascii=False)
