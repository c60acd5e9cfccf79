"""The offline plan as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Iterator, Sequence
from textwrap import indent, wrap
from typing import Any

from readiness.alerts.severity import SEVERITIES
from readiness.finding import Finding, Severity, text_line
from readiness.markdown_text import fenced
from readiness.plan.change_lines import code_span, printable
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, STACK_TYPE, kind_words
from readiness.yaml_text import yaml_text

CAVEAT = "What the program declares. Made without engine, credentials or network; it does not show what exists."
# Characters in a line of the summary.
WIDTH = 116


def plan_text(plan: Plan, cost: str = "", not_watched: Sequence[str] = (), findings: Sequence[Finding] = ()) -> str:
    """The summary, then every declared resource with its inputs and options, and where the program declares it.

    `cost` is one line; `not_watched` has a line for each alert that the stack lacks; `findings` are those of the
    settings.
    """
    parts = [plan_summary(plan, cost, not_watched, findings)]
    for resource in _declared(plan):
        parts += [f"{resource['type']}  {resource['name']}{_place(resource)}", indent(_body(resource), "    ")]
    parts += ["Outputs", indent(yaml_text(plan.outputs), "    ")]
    return "\n".join(parts).rstrip() + "\n"


def plan_summary(plan: Plan, cost: str = "", not_watched: Sequence[str] = (), findings: Sequence[Finding] = ()) -> str:
    """A screen of text: counts by kind, what pages, cost, what `pulumi up` refuses, warnings, what is not watched."""
    lines = [f"{_title(plan)}", CAVEAT, ""]
    for line in _summary_lines(plan, cost, not_watched, findings):
        lines += wrap(printable(line), WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False)
    return "\n".join(lines) + "\n"


def plan_summary_markdown(
    plan: Plan, cost: str = "", not_watched: Sequence[str] = (), findings: Sequence[Finding] = ()
) -> str:
    """The same as `plan_summary` in Markdown."""
    lines = [f"## Plan of {_title(plan)}", "", f"_{CAVEAT}_", ""]
    # Names and messages come from settings, which a pull request may change.
    lines += [f"- {code_span(line)}" for line in _summary_lines(plan, cost, not_watched, findings)]
    return "\n".join(lines) + "\n"


def plan_markdown(plan: Plan, cost: str = "", not_watched: Sequence[str] = (), findings: Sequence[Finding] = ()) -> str:
    """The summary, a table, then one folded section for each resource. No value can break out of its place."""
    parts = [plan_summary_markdown(plan, cost, not_watched, findings)]
    parts += ["| Type | Name | Declared in |", "|---|---|---|"]
    for resource in _declared(plan):
        texts = (_one_line(text) for text in (resource["type"], resource["name"], _place(resource)))
        cells = (code_span(text, in_table=True) if text else "-" for text in texts)
        parts.append(f"| {' | '.join(cells)} |")
    for resource in _declared(plan):
        if body := _body(resource):
            name, type_ = (html.escape(_one_line(resource[key])) for key in ("name", "type"))
            parts += ["", f"<details><summary><code>{name}</code> {type_}</summary>", ""]
            parts += [_code_block(body), "", "</details>"]
    parts += ["", "### Outputs", "", _code_block(yaml_text(plan.outputs))]
    return "\n".join(parts) + "\n"


def _code_block(text: str) -> str:
    return "\n".join(fenced([text.rstrip()], "yaml"))


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _declared(plan: Plan) -> list[dict[str, Any]]:
    return [resource for resource in plan.resources if resource["type"] != STACK_TYPE]


def _title(plan: Plan) -> str:
    return f"{plan.project}/{plan.stack}: {len(_declared(plan))} resources"


def _summary_lines(plan: Plan, cost: str, not_watched: Sequence[str], findings: Sequence[Finding]) -> Iterator[str]:
    yield f"Kinds: {', '.join(_kinds(plan)) or 'none'}."
    policies = [policy["inputs"] for policy in plan.of_type(ALERT_POLICY)]
    if policies:
        paging = [str(policy.get("displayName")) for policy in policies if policy.get("severity") == SEVERITIES[0]]
        yield f"Pages ({len(paging)} of {len(policies)} alerts): {', '.join(sorted(paging)) or 'none'}."
        others = Counter(str(policy.get("severity") or "no severity") for policy in policies)
        rest = ", ".join(
            f"{count} {severity}" for severity, count in sorted(others.items()) if severity != SEVERITIES[0]
        )
        yield f"Does not page: {rest or 'none'}."
    if cost:
        yield f"{cost}."
    placeholders = [finding for finding in findings if finding.placeholder]
    if placeholders:
        places = ", ".join(f"{finding.file}:{finding.line} {finding.key}" for finding in placeholders)
        yield f"Refused by `pulumi up` until fixed ({len(placeholders)}): {places}."
    for finding in findings:
        if not finding.placeholder and finding.severity is Severity.WARNING:
            yield f"Warning: {text_line(finding)}"
    yield from (f"Not watched: {line}." for line in not_watched)


def _kinds(plan: Plan) -> list[str]:
    """How many of each kind, the most first; components, which only group others, last and together."""
    types = Counter(resource["type"] for resource in _declared(plan))
    components = sum(count for type_, count in types.items() if "/" not in type_)
    kinds = [
        kind_words(type_, count)
        for type_, count in sorted(types.items(), key=lambda entry: (-entry[1], entry[0]))
        if "/" in type_
    ]
    return [*kinds, f"{components} components that group them"] if components else kinds


def _place(resource: dict[str, Any]) -> str:
    source = resource["source"]
    return f"  {source['file']}:{source['line']}" if source else ""


def _body(resource: dict[str, Any]) -> str:
    """Inputs, then texts of files and options under their own names; URNs shortened to the distinct part."""
    options = dict(resource["options"])
    if "dependencies" in options:
        options["dependencies"] = [urn.rpartition("::")[2] for urn in options["dependencies"]]
    body = dict(resource["inputs"])
    if resource.get("files"):
        body["(files)"] = resource["files"]
    if options:
        body["(options)"] = options
    return yaml_text(body) if body else ""
