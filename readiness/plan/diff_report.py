"""The diff of all stacks, put in the order in which it is to be read: what is dangerous first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from readiness.finding import Finding
from readiness.plan.acknowledgements import Acknowledgement, Agreement, agreement
from readiness.plan.change_lines import field_lines, printable, resource_lines, shortened
from readiness.plan.plan_diff import Action, StackDiff
from readiness.plan.plan_file import ReadPlan
from readiness.plan.weakening import SETUP_NAME, Weakening, weakenings
from readiness.rules.plan_rules import RULES, plan_findings

PROTECTED, WEAKENS, REST = 0, 1, 2

SECTIONS = {PROTECTED: "Deletes or replaces what is protected", WEAKENS: "Reduces protection", REST: "Everything else"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """One resource (or the outputs of a stack) as it is shown. `lines` begin with `- `, `+ `, `! ` or two spaces."""

    tier: int
    action: str
    stack: str
    type: str
    name: str
    source: str
    lines: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class DiffReport:
    """Everything that is said about the stacks; `blocks` begin with the most important one."""

    diffs: tuple[StackDiff, ...]
    blocks: tuple[Block, ...]
    weakened: tuple[Weakening, ...]
    agreement: Agreement
    # What `check --plan` finds in the new plan and not in the old one, by stack.
    new_findings: tuple[tuple[str, Finding], ...] = ()
    # Lines that come before everything: whose word the plan is, and who judged. Empty for two plans in files.
    notes: tuple[str, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no plan changes."""
        return all(diff.is_empty for diff in self.diffs)

    def counts(self, diff: StackDiff) -> list[int]:
        """Of one stack: changes that weaken, then resources by action."""
        return [
            sum(weakening.stack == diff.stack for weakening in self.weakened),
            *(diff.count(action) for action in Action),
        ]


def diff_report(diffs: Iterable[StackDiff], entries: Sequence[Acknowledgement], *, all_stacks: bool) -> DiffReport:
    """The report. Entries that agree to no change are only called stale where all stacks were compared."""
    stacks = tuple(sorted(diffs, key=lambda diff: diff.stack))
    weakened = tuple(weakening for diff in stacks for weakening in weakenings(diff))
    agreed = agreement(weakened, entries)
    if not all_stacks:
        agreed = replace(agreed, stale=())
    blocks = [block for diff in stacks for block in _blocks(diff, weakened, agreed)]
    order = [*Action, "setup", "outputs", "providers"]
    blocks.sort(key=lambda block: (block.tier, order.index(block.action), block.stack, block.type, block.name))
    new = tuple((diff.stack, finding) for diff in stacks for finding in _new_findings(diff))
    return DiffReport(diffs=stacks, blocks=tuple(blocks), weakened=weakened, agreement=agreed, new_findings=new)


def _new_findings(diff: StackDiff) -> Iterator[Finding]:
    """What the rules about plans find in the new plan alone, whatever line it is at."""
    before = {(finding.rule_id, finding.key, finding.message) for finding in _findings(diff.old)}
    for finding in _findings(diff.new):
        if (finding.rule_id, finding.key, finding.message) not in before:
            yield finding


def _findings(plan: ReadPlan) -> list[Finding]:
    """By the rules that need nothing but the plan: a plan does not hold the project's runbook or its other stacks."""
    resources = []
    for resource in plan.resources.values():
        file, _, line = resource.source.rpartition(":")
        source = {"file": file, "line": int(line)} if file and line.isdigit() else None
        resources.append(asdict(resource) | {"source": source})
    return plan_findings(resources, rules=[rule for rule in RULES if not rule.needs_project])


def _blocks(diff: StackDiff, weakened: Sequence[Weakening], agreed: Agreement) -> Iterator[Block]:
    mine = [weakening for weakening in weakened if weakening.stack == diff.stack]
    for change in diff.changes:
        resource = change.resource
        said = [_said(weakening, agreed) for weakening in mine if weakening.urn == resource.urn]
        tier = PROTECTED if change.is_protected_loss else WEAKENS if said else REST
        lines = [*said, *resource_lines(diff, change)]
        yield _block(diff, change.action, lines, tier, (resource.type, resource.name, resource.source))
    if diff.setup or not diff.is_setup_known:
        of_setup = (weakening for weakening in mine if weakening.name == SETUP_NAME and not weakening.type)
        said = [_said(weakening, agreed) for weakening in of_setup]
        lines = [*said, *(line for field in diff.setup for line in field_lines(field))]
        if not diff.is_setup_known:
            lines.append("  not known: a plan does not say which program is run and where credentials go")
        yield _block(diff, "setup", lines, WEAKENS if said else REST)
    if diff.outputs:
        yield _block(diff, "outputs", [line for field in diff.outputs for line in field_lines(field)])
    if diff.provider_versions:
        versions = diff.provider_versions
        lines = [line for package, old, new in versions for line in (f"- {package} {old}", f"+ {package} {new}")]
        yield _block(diff, "providers", lines)


def _said(change: Weakening, agreed: Agreement) -> str:
    """Why the change weakens, and whether somebody has acknowledged its digest."""
    entry = agreed.agreed.get(change.digest)
    status = f"acknowledged by {entry.by}: {entry.reason} ({change.digest})" if entry else ""
    return f"! {'; '.join(change.reasons)} [{status or f'not acknowledged: {change.digest}'}]"


def _block(
    diff: StackDiff, action: str, lines: list[str], tier: int = REST, resource: tuple[str, str, str] = ("", "", "")
) -> Block:
    type_, name, source = resource
    shown = tuple(shortened(printable(line)) for line in lines)
    return Block(tier=tier, action=action, stack=diff.stack, type=type_, name=name, source=source, lines=shown)
