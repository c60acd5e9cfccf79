"""The diff of all stacks, in the order in which to read it: what is dangerous first, and the same change once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from readiness.finding import Finding, text_line
from readiness.plan.acknowledgements import Acknowledgement, AcknowledgementStatus, acknowledgement_status
from readiness.plan.change_groups import (
    ChangeGroup,
    change_groups,
    changed_lines,
    leaves_placeholder,
    people,
    with_people,
)
from readiness.plan.change_lines import field_lines, printable, resource_lines, shortened
from readiness.plan.plan_diff import Action, StackDiff
from readiness.plan.plan_file import ReadPlan
from readiness.plan.setting_changes import SettingChange, causes, over_stacks
from readiness.plan.weakening import SETUP_NAME, Weakening, weakenings
from readiness.resource_types import MONITORED_SERVICE, kind_words
from readiness.rules.plan_rules import RULES, plan_findings

PROTECTED, WEAKENS, REST = 0, 1, 2

SECTIONS = {PROTECTED: "Deletes or replaces what is protected", WEAKENS: "Weakens protection", REST: "Everything else"}
# The same for programs.
SECTION_KEYS = {PROTECTED: "protected", WEAKENS: "weakens", REST: "rest"}

# What to read first fits above the fold of a screen.
MAX_FIRST_LINES = 10
# Of a type with more members than this, up to so many others are named in place of the members.
MIN_MEMBERS_FOR_OTHERS, MAX_OTHERS = 6, 2
# The action of a resource that is deleted while a similar one is created.
RENAME = "rename"
_ACTION_OF_A_LINE = {Action.REPLACE: "replace", Action.DELETE: "delete", RENAME: "delete and create"}
_SETTING = "  setting: "
_WATCHES = "! now also watches "
_VALUE = re.compile(r'[^\s"|(),]+')
# In such a line one value more means to watch less.
_EXCLUDES = re.compile(r"\bNOT\b|!=|!~")


@dataclass(frozen=True, kw_only=True, slots=True)
class Member:
    """One of the resources that a block shows; `source` is the file and line that declares it."""

    stack: str
    name: str
    source: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """A change as it is shown: of one resource, of several that change in the same way, or of a stack's outputs.

    `lines` begin with `- `, `+ `, `! ` or two spaces.
    """

    tier: int
    action: str
    type: str
    members: tuple[Member, ...]
    lines: tuple[str, ...]
    # Whether the members are all resources of this type in their stacks, so that nobody needs their names.
    is_all: bool = False
    # The few resources of this type that are no members, where all others are.
    all_but: tuple[str, ...] = ()

    @property
    def stack(self) -> str:
        """The stacks of the members: `prod, staging`."""
        return ", ".join(sorted({member.stack for member in self.members}))

    @property
    def name(self) -> str:
        """The name that all members share; empty where they have several."""
        names = {member.name for member in self.members}
        return names.pop() if len(names) == 1 else ""

    @property
    def kind(self) -> str:
        """The type of one resource, or how many of which kind: `38 alert policies`."""
        if self.name or len(self.members) == 1:
            return self.type
        words = kind_words(self.type, len(self.members)) if self.type else f"{len(self.members)} resources"
        if self.all_but:
            return f"{words}, all but {', '.join(self.all_but)}"
        return f"all {words}" if self.is_all else words

    @property
    def source(self) -> str:
        """Where the members are declared, if that is one place."""
        sources = {member.source for member in self.members}
        return sources.pop() if len(sources) == 1 else ""


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffReport:
    """The report on the stacks; `blocks` begin with the most important one.

    `weakened` has each change of a resource, `groups` has the same changes of many resources as one.
    """

    diffs: tuple[StackDiff, ...]
    blocks: tuple[Block, ...]
    weakened: tuple[Weakening, ...]
    groups: tuple[ChangeGroup, ...]
    acknowledgements: AcknowledgementStatus
    settings: tuple[SettingChange, ...] = ()
    # What `check --plan` finds in the new plan and not in the old one, by stack.
    new_findings: tuple[tuple[str, Finding], ...] = ()
    # Lines that come before everything: whose word the plan is, and who judged. Empty for two plans in files.
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no plan changes."""
        return all(diff.is_empty for diff in self.diffs)

    def counts(self, diff: StackDiff) -> list[int]:
        """Of one stack: changes that weaken protection, then resources by action."""
        return [sum(diff.stack in group.stacks for group in self.groups), *(diff.count(action) for action in Action)]

    def first_lines(self) -> list[str]:
        """What to read first: at most `MAX_FIRST_LINES` lines, the most severe first."""
        lines = list(dict.fromkeys(_first_lines(self)))
        if len(lines) > MAX_FIRST_LINES:
            lines = [*lines[: MAX_FIRST_LINES - 1], f"and {len(lines) - MAX_FIRST_LINES + 1} more, below"]
        return [shortened(printable(line), 200) for line in lines]


def diff_report(diffs: Iterable[StackDiff], entries: Sequence[Acknowledgement], *, all_stacks: bool) -> DiffReport:
    """The report. Entries that acknowledge no change are only called stale where all stacks were compared."""
    stacks = tuple(sorted(diffs, key=lambda diff: diff.stack))
    weakened = tuple(
        weakening for diff in stacks for weakening in weakenings(diff) if not leaves_placeholder(weakening)
    )
    groups = change_groups(weakened)
    status = acknowledgement_status(groups, entries)
    if not all_stacks:
        status = replace(status, stale=())
    blocks = [block for diff in stacks for block in _blocks(diff, groups, status)]
    blocks = [_counted(block, stacks) for block in _merged(_paired(blocks))]
    order = [
        Action.REPLACE,
        Action.DELETE,
        RENAME,
        Action.UPDATE,
        Action.CREATE,
        Action.OTHER,
        "setup",
        "outputs",
        "providers",
    ]
    blocks.sort(key=lambda block: (block.tier, order.index(block.action), block.stack, block.type, block.name))
    new = tuple((diff.stack, finding) for diff in stacks for finding in _new_findings(diff))
    return DiffReport(
        diffs=stacks,
        blocks=tuple(blocks),
        weakened=weakened,
        groups=groups,
        acknowledgements=status,
        settings=over_stacks(diff.settings for diff in stacks),
        new_findings=new,
    )


def _first_lines(report: DiffReport) -> Iterator[str]:
    for block in report.blocks:
        if block.tier == PROTECTED:
            yield f"{block.stack}: would {block.action} {block.name or block.kind}, which is protected"
    for is_open in (True, False):
        for group in report.groups:
            if (group.digests not in report.acknowledgements.acknowledged) is is_open:
                known = {key: name for diff in report.diffs for key, name in people(diff).items()}
                what = with_people("; ".join(group.reasons), known)
                end = "" if is_open else " (acknowledged)"
                yield f"{', '.join(group.stacks)}: {group.subject}: {what}{end}"
    for stack, finding in report.new_findings:
        yield f"{stack}: {text_line(finding)}"
    for block in report.blocks:
        if block.tier == REST and block.action in (Action.REPLACE, Action.DELETE, RENAME):
            yield f"{block.stack}: {_ACTION_OF_A_LINE[block.action]} {block.name or block.kind}"
    for change in report.settings:
        yield change.text
    for block in report.blocks:
        yield from (
            f"{block.stack}: {block.name or block.kind}: {line[2:]}"
            for line in block.lines[:1]
            if line.startswith(_WATCHES)
        )


def _new_findings(diff: StackDiff) -> Iterator[Finding]:
    """What the rules about plans find in the new plan alone, whatever line it is at."""
    before = {(finding.rule_id, finding.key, finding.message) for finding in _findings(diff.old)}
    for finding in _findings(diff.new):
        if (finding.rule_id, finding.key, finding.message) not in before:
            yield finding


def _findings(plan: ReadPlan) -> list[Finding]:
    """By the rules that need only the plan, which does not contain the project's runbook or its other stacks."""
    resources = []
    for resource in plan.resources.values():
        file, _, line = resource.source.rpartition(":")
        source = {"file": file, "line": int(line)} if file and line.isdigit() else None
        resources.append(asdict(resource) | {"source": source})
    return plan_findings(resources, rules=[rule for rule in RULES if not rule.needs_project])


def _blocks(diff: StackDiff, groups: Sequence[ChangeGroup], status: AcknowledgementStatus) -> Iterator[Block]:
    known = people(diff)
    reasons_by_urn: dict[str, list[str]] = {}
    for group in groups:
        if members := group.of_stack(diff.stack):
            text = with_people(_reason_line(group, status), known)
            for member in members:
                reasons_by_urn.setdefault(member.urn, []).append(text)
    for change in diff.changes:
        resource = change.resource
        reasons = reasons_by_urn.get(resource.urn, [])
        tier = PROTECTED if change.is_protected_loss else WEAKENS if reasons else REST
        shown = resource_lines(diff, change)
        from_settings = [f"{_SETTING}{cause.text}" for cause in causes(diff.settings, resource.name, shown)]
        watched = _watched_besides(diff, shown) if tier == REST and change.action is Action.UPDATE else ""
        if watched:
            reasons = [watched]
        lines = [*reasons, *from_settings[:MAX_FIRST_LINES], *shown]
        yield _block(diff, change.action, lines, tier, (resource.type, resource.name, resource.source))
    if diff.setup or not diff.is_setup_known:
        reasons = reasons_by_urn.get(f"urn:pulumi:{diff.stack}::{diff.new.project}::{SETUP_NAME}", [])
        lines = [*reasons, *(line for field in diff.setup for line in field_lines(field))]
        if not diff.is_setup_known:
            lines.append("  not known: a plan does not contain which program runs and where credentials are sent")
        yield _block(diff, "setup", lines, WEAKENS if reasons else REST)
    if diff.outputs:
        yield _block(diff, "outputs", [line for field in diff.outputs for line in field_lines(field)])
    if diff.provider_versions:
        versions = diff.provider_versions
        lines = [line for package, old, new in versions for line in (f"- {package} {old}", f"+ {package} {new}")]
        yield _block(diff, "providers", lines)


def _reason_line(group: ChangeGroup, status: AcknowledgementStatus) -> str:
    """Why the change weakens protection, and whether somebody has acknowledged its digest."""
    entry = status.acknowledged.get(group.digests)
    digests = ", ".join(group.digests)
    by = f"acknowledged by {entry.by}: {entry.reason} ({digests})" if entry else ""
    return f"! {'; '.join(group.reasons)} [{by or f'not acknowledged: {digests}'}]"


def _block(
    diff: StackDiff, action: str, lines: list[str], tier: int = REST, resource: tuple[str, str, str] = ("", "", "")
) -> Block:
    type_, name, source = resource
    shown = tuple(shortened(printable(line)) for line in lines)
    member = Member(stack=diff.stack, name=name, source=source)
    return Block(tier=tier, action=action, type=type_, members=(member,), lines=shown)


def _paired(blocks: Sequence[Block]) -> list[Block]:
    """The blocks, with a deleted and a created resource of one type as one block that has only what differs.

    Only where a stack has one of each: whichever of several belong together would be a guess.
    """
    by_type: dict[tuple[str, str], list[Block]] = {}
    for block in blocks:
        if block.tier == REST and block.action in (Action.DELETE, Action.CREATE):
            by_type.setdefault((block.stack, block.type), []).append(block)
    pairs = {
        id(gone): (gone, come)
        for gone, come in (sorted(pair, key=_is_create) for pair in by_type.values() if len(pair) == 2)
        if not _is_create(gone) and _is_create(come) and _is_similar(gone, come)
    }
    taken = {id(come) for _, come in pairs.values()}
    found: list[Block] = []
    for block in blocks:
        if id(block) in pairs:
            found.append(_pair(*pairs[id(block)]))
        elif id(block) not in taken:
            found.append(block)
    return found


def _is_create(block: Block) -> bool:
    return block.action == Action.CREATE


def _bodies(block: Block) -> set[str]:
    return {line[2:] for line in block.lines if line[:1] in ("-", "+")}


def _is_similar(gone: Block, come: Block) -> bool:
    before, after = _bodies(gone), _bodies(come)
    return 2 * len(before & after) >= max(len(before), len(after))


def _pair(gone: Block, come: Block) -> Block:
    shared = _bodies(gone) & _bodies(come)
    lines = [line for line in (*gone.lines, *come.lines) if line[2:] not in shared or line[:1] == "!"]
    (old,), (new,) = gone.members, come.members
    member = replace(new, name=f"{old.name} → {new.name}")
    return replace(come, action=RENAME, members=(member,), lines=tuple(dict.fromkeys(lines)))


def _merged(blocks: Sequence[Block]) -> list[Block]:
    """Blocks whose changed lines are the same as one: without what is around these lines in each."""
    alike: dict[tuple[object, ...], list[Block]] = {}
    for block in blocks:
        watched = [line for line in block.lines if line.startswith(_WATCHES)]
        what = watched[0] if watched else (block.type, _bare(block.lines))
        alike.setdefault((block.tier, block.action, what), []).append(block)
    merged: list[Block] = []
    for same in alike.values():
        members = tuple(member for block in same for member in block.members)
        types = {block.type for block in same}
        lines = same[0].lines
        if any(block.lines != lines for block in same):
            of_all = (line for block in same for line in _bare(block.lines))
            if lines[0].startswith(_WATCHES):
                # The sentence says what the others that begin with `!` say.
                lines = tuple(dict.fromkeys(line for line in of_all if line == lines[0] or line[0] != "!"))
            else:
                lines = _bare(lines)
        merged.append(replace(same[0], type=types.pop() if len(types) == 1 else "", members=members, lines=lines))
    return merged


def _counted(block: Block, diffs: Sequence[StackDiff]) -> Block:
    """The block, marked where its members are all resources of their type that its stacks have before and after."""
    if len(block.members) == 1 or not block.type:
        return block
    names = {member.stack for member in block.members}
    every = {
        (diff.stack, resource.name)
        for diff in diffs
        for plan in (diff.old, diff.new)
        for resource in plan.resources.values()
        if diff.stack in names and resource.type == block.type
    }
    members = {(member.stack, member.name) for member in block.members}
    others = tuple(name for stack, name in sorted(every) if (stack, name) not in members)
    # In several stacks, a name does not say which of them it is missing in.
    is_most = len(names) == 1 and len(others) <= MAX_OTHERS and len(members) >= MIN_MEMBERS_FOR_OTHERS
    return replace(block, is_all=len(every) == len(block.members), all_but=others if is_most else ())


def _bare(lines: Iterable[str]) -> tuple[str, ...]:
    """The lines without context: of each field its heading, what is removed, added and noted, each once."""
    parts: list[list[str]] = [[]]
    for line in lines:
        if line.startswith(_SETTING) or (line.startswith("  ") and line[2:3] != " " and line.endswith(":")):
            parts.append([line])
        elif parts[-1] and parts[-1][0][:1] == " " and line[:1] in ("-", "+", "!") and line[2:3] != " ":
            # Not indented, so not below that heading.
            parts.append([line])
        else:
            parts[-1].append(line)
    return tuple(line for part in parts for line in _bare_field(part))


def _bare_field(part: Sequence[str]) -> tuple[str, ...]:
    has_heading = bool(part) and part[0].startswith("  ") and (part[0].endswith(":") or part[0].startswith(_SETTING))
    heading, lines = (part[:1], part[1:]) if has_heading else ([], part)
    indent = "  " if heading and not heading[0].startswith(_SETTING) else ""
    return (*heading, *(f"{line[:2]}{indent}{line[2:]}" for line in changed_lines(lines)))


def _watched_besides(diff: StackDiff, lines: Sequence[str]) -> str:
    """`! now also watches X`, if every changed line has the one value X more than before; else empty."""
    gone, come = ([line[1:] for line in lines if line[0] == sign] for sign in "-+")
    if not gone or len(gone) != len(come) or any(_EXCLUDES.search(line) for line in (*gone, *come)):
        return ""
    added: set[str] = set()
    for before, after in zip(gone, come, strict=True):
        old, new = (Counter(word for word in _VALUE.findall(line) if word != "OR") for line in (before, after))
        if old - new or not new - old:
            return ""
        added |= {*(new - old)}
    if len(added) != 1:
        return ""
    value = added.pop()
    if "[.]" in value:
        # The host of a service begins with the service's name.
        services = [
            change.resource.inputs.get("serviceId")
            for change in diff.changes
            if change.action is Action.CREATE and change.resource.type == MONITORED_SERVICE
        ]
        hosts = [service for service in services if isinstance(service, str) and value.startswith(f"{service}-")]
        value = max(hosts, key=len, default=value)
    return f"{_WATCHES}{value}"
