"""Generates the runbook from the catalogue and the settings of every stack, so that it always matches them.

Each alert that a stack declares has a page, to which its notification links. The common page (`runbook_common.py`)
contains what the alerts share. The first line of an alert's page is the first thing to do. Each stack has a section
with its commands, production first, so that an on-call engineer does not run another stack's commands by mistake.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from readiness.alerts.catalogue import ALERTS
from readiness.alerts.commands import PRINTED_BY, filled_commands, first_sentence, text_without_commands
from readiness.alerts.log_metric import on_one_line
from readiness.alerts.rules import rules_of
from readiness.alerts.runbook_address import RUNBOOK_FOLDER, RUNBOOK_PATH, page_name, page_path, section_anchor
from readiness.alerts.security_alerts import CAUSES, FIRST_STEPS, REMOVE_ACCESS, SECURITY_ALERTS, security_rules
from readiness.alerts.severity import AlertSeverity
from readiness.documents.runbook_common import ESCALATE, CommonRow, StackCell, common_page, explorer_url
from readiness.documents.template import Stacks
from readiness.files import text_of
from readiness.markdown_text import anchor_of
from readiness.settings.channels import ChannelKind, channels_notified
from readiness.settings.model import Settings

# `left_over_pages` finds earlier pages by this text, so it must not change.
NOTICE = "<!-- Made by `readiness runbook` from the stacks' settings: change those, and run it again. -->"


@dataclass(frozen=True, kw_only=True, slots=True)
class _Declared:
    """An alert in one of the stacks that declare it. `query` is empty for an alert without PromQL."""

    stack: str
    settings: Settings
    severity: AlertSeverity
    channel_kinds: frozenset[ChannelKind]
    condition: str
    counter_filter: str
    query: str = ""
    duration_seconds: int = 0

    @property
    def heading(self) -> str:
        """The environment as a notification names it, and the stack as commands do."""
        environment = self.settings.environment.name
        return environment if environment == self.stack else f"{environment} (stack {self.stack})"


@dataclass(frozen=True, kw_only=True, slots=True)
class _AlertPage:
    """The content of an alert's page, for alerts of the catalogue and security alerts."""

    name: str
    meaning: str
    first_steps: Sequence[str]
    causes: Sequence[str]
    mitigation: Sequence[str]
    declared: Sequence[_Declared]


def runbook_texts(stacks: Stacks) -> dict[str, str]:
    """`{path below the project: text}` of the common page and of one page for each alert that a stack declares.

    `stacks` are names and settings in any order. The stack that owns the shared resources (production) comes first.
    """
    ordered = sorted(stacks, key=lambda stack: not stack[1].owns_shared_resources)
    pages = [page for page in (*_pages_of_catalogue(ordered), *_security_pages(ordered)) if page.declared]
    names = {page.name for page in pages}
    texts = {page_path(page.name): "\n".join(_page(page, names)).rstrip() + "\n" for page in pages}
    return {RUNBOOK_PATH: common_page(ordered, [_row(page) for page in pages], NOTICE)} | texts


def left_over_pages(root: Path, texts: Mapping[str, str]) -> tuple[str, ...]:
    """Pages of removed alerts that an earlier run generated, which their notice shows."""
    pages = sorted((root / RUNBOOK_FOLDER).glob("*.md"))
    names = {path.relative_to(root).as_posix(): path for path in pages}
    return tuple(name for name, path in names.items() if name not in texts and NOTICE in text_of(path).splitlines())


def _pages_of_catalogue(stacks: Stacks) -> Iterator[_AlertPage]:
    rules = [(stack, settings, rule) for stack, settings in stacks for rule in rules_of(settings)]
    for definition in ALERTS:
        yield _AlertPage(
            name=definition.name,
            meaning=definition.meaning,
            first_steps=definition.first_steps,
            causes=definition.causes,
            mitigation=definition.mitigation,
            declared=[
                _Declared(
                    stack=stack,
                    settings=settings,
                    severity=rule.severity,
                    channel_kinds=rule.channel_kinds,
                    condition=rule.condition,
                    counter_filter=rule.log_metrics[0].filter if rule.log_metrics else "",
                    query=rule.query,
                    duration_seconds=rule.duration_seconds,
                )
                for stack, settings, rule in rules
                if rule.definition is definition
            ],
        )


def _security_pages(stacks: Stacks) -> Iterator[_AlertPage]:
    rules = [(stack, settings, rule) for stack, settings in stacks for rule in security_rules(settings)]
    for alert in SECURITY_ALERTS:
        yield _AlertPage(
            name=alert.name,
            meaning=f"{alert.meaning} (CIS Google Cloud {alert.cis}.)",
            first_steps=FIRST_STEPS,
            causes=CAUSES,
            mitigation=(*REMOVE_ACCESS, *alert.mitigation),
            declared=[
                _Declared(
                    stack=stack,
                    settings=settings,
                    severity=alert.severity,
                    channel_kinds=alert.channel_kinds,
                    condition=rule.condition,
                    counter_filter=alert.filter,
                )
                for stack, settings, rule in rules
                if rule.alert is alert
            ],
        )


def _row(page: _AlertPage) -> CommonRow:
    return CommonRow(
        name=page.name,
        anchor=section_anchor(page.name),
        link=f"runbook/{page_name(page.name)}",
        first_action=first_sentence(page.first_steps[0]),
        cells={
            declared.stack: StackCell(
                condition=declared.condition,
                severity=declared.severity,
                notified=channels_notified(declared.channel_kinds, declared.settings.channels),
            )
            for declared in page.declared
        },
    )


def _page(page: _AlertPage, names: Collection[str]) -> Iterator[str]:
    yield f"# {page.name}: {first_sentence(page.first_steps[0])}\n"
    yield f"{NOTICE}\n"
    jumps = [f"[{declared.heading}](#{anchor_of(declared.heading)})" for declared in page.declared]
    yield f"For the on-call engineer. Commands: {', '.join(jumps)}. If nothing helps within 15 minutes, {ESCALATE}.\n"
    yield f"{page.meaning}\n"
    yield from (f"{number}. {text_without_commands(step)}" for number, step in enumerate(page.first_steps, start=1))
    yield ""
    parts = [line for declared in page.declared for line in _stack_part(page, declared, names)]
    yield from _how_to_read(page, parts)
    yield from parts
    yield "## Usual causes\n"
    yield from (f"- {cause}" for cause in page.causes)
    yield ""
    yield from _queries(page)
    yield "## More\n"
    yield "- [Links of each stack, roll back, who is notified](../runbook.md)"
    yield "- A closed incident is [not always resolved](../runbook.md#closed-is-not-resolved)"
    yield f"- Whom to call: {ESCALATE}"


def _how_to_read(page: _AlertPage, parts: Sequence[str]) -> Iterator[str]:
    """Notes for readers if commands are for several services, or contain words in capitals."""
    texts = "".join((*page.first_steps, *page.mitigation))
    if "$service" in texts and any(len(declared.settings.services) > 1 for declared in page.declared):
        yield "If commands differ only in the service, run the one for the service in the notification.\n"
    if re.search(rf"^g(?:cloud|h) .*[ =/](?:{'|'.join(PRINTED_BY)})\b", "\n".join(parts), flags=re.MULTILINE):
        yield "Replace words in capitals with what a command above them prints.\n"


def _stack_part(page: _AlertPage, declared: _Declared, names: Collection[str]) -> Iterator[str]:
    yield f"## {declared.heading}\n"
    notified = ", ".join(channels_notified(declared.channel_kinds, declared.settings.channels)) or "nobody"
    yield f"{declared.severity}, notifies {notified} when: {declared.condition}.\n"
    for number, step in enumerate(page.first_steps, start=1):
        if commands := _commands(step, declared):
            yield f"**{number}. {first_sentence(step)}**\n"
            yield from _block(commands, declared.settings)
    yield "### Fix it\n" if len(page.declared) == 1 else f"### Fix it in {declared.settings.environment.name}\n"
    for measure in page.mitigation:
        commands = _commands(measure, declared)
        links = _linked_pages(measure)
        if commands or (links and links <= set(names)):
            yield f"{text_without_commands(measure)}\n"
            yield from _block(commands, declared.settings)


def _commands(text: str, declared: _Declared) -> list[str]:
    more = {
        "stack": shlex.quote(declared.stack),
        "counted": shlex.quote(on_one_line(declared.counter_filter)),
    }
    return list(filled_commands(text, declared.settings, more))


def _linked_pages(text: str) -> set[str]:
    """The alerts to whose pages the text links."""
    return {part.partition(".md)")[0] for part in text.split("](")[1:] if ".md)" in part and "/" not in part}


def _block(commands: Sequence[str], settings: Settings) -> Iterator[str]:
    """The commands. Those that read the log have a link to the same query in the console."""
    if not commands:
        return
    yield "\n".join(["```bash", *commands, "```\n"])
    filters = [shlex.split(command)[3] for command in commands if command.startswith("gcloud logging read ")]
    if filters:
        names = [f"query {number}" for number in range(1, len(filters) + 1)] if len(filters) > 1 else ["open"]
        links = [f"[{name}]({explorer_url(text, settings)})" for name, text in zip(names, filters, strict=True)]
        yield f"The last hour in the Logs Explorer: {', '.join(links)}.\n"


def _queries(page: _AlertPage) -> Iterator[str]:
    if not any(declared.query for declared in page.declared):
        return
    yield "## The query\n"
    for declared in page.declared:
        duration = f"; it must be true for {declared.duration_seconds} s" if declared.duration_seconds else ""
        yield f"In {declared.heading}, evaluated every 30 s{duration}:\n"
        yield f"```promql\n{declared.query}\n```\n"
    if any("increase(" in declared.query for declared in page.declared):
        yield "It counts events: [how alerts count](../runbook.md#how-alerts-count).\n"
