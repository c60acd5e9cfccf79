"""The offline plan as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

import html
from collections import Counter
from collections.abc import Sequence
from textwrap import indent
from typing import Any

from readiness.markdown_text import fenced
from readiness.plan.change_lines import code_span
from readiness.plan.offline_plan import Plan
from readiness.resource_types import STACK_TYPE
from readiness.yaml_text import yaml_text

CAVEAT = "What the program declares; made without engine, credentials or network. It does not know what exists."


def plan_text(plan: Plan, cost: str = "", not_watched: Sequence[str] = ()) -> str:
    """Every declared resource with its inputs and options, and where the program declares it.

    `cost` is one line; `not_watched` has a line for each alert that the stack lacks.
    """
    parts = [f"{plan.project}/{plan.stack}: {_count(plan)}", CAVEAT, *([f"{cost}."] if cost else [])]
    parts += [*(f"Not watched: {line}." for line in not_watched), ""]
    for resource in _declared(plan):
        parts += [f"{resource['type']}  {resource['name']}{_place(resource)}", indent(_body(resource), "    ")]
    parts += ["Outputs", indent(yaml_text(plan.outputs), "    ")]
    return "\n".join(parts).rstrip() + "\n"


def plan_markdown(plan: Plan, cost: str = "", not_watched: Sequence[str] = ()) -> str:
    """A summary table, then one folded section for each resource. Nothing in the plan can break out of its place."""
    parts = [f"## Plan of `{plan.project}/{plan.stack}`: {_count(plan)}", "", f"_{CAVEAT}_", ""]
    parts += [f"{cost}.", ""] if cost else []
    parts += [*(f"- Not watched: {line}." for line in not_watched), ""] if not_watched else []
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


def _count(plan: Plan) -> str:
    kinds = Counter(resource["type"].rpartition(":")[2] for resource in _declared(plan))
    return f"{kinds.total()} resources ({', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))})"


def _place(resource: dict[str, Any]) -> str:
    source = resource["source"]
    return f"  {source['file']}:{source['line']}" if source else ""


def _body(resource: dict[str, Any]) -> str:
    """Inputs, then texts of files and options under their own names; URNs shortened to what tells them apart."""
    options = dict(resource["options"])
    if "dependencies" in options:
        options["dependencies"] = [urn.rpartition("::")[2] for urn in options["dependencies"]]
    body = dict(resource["inputs"])
    if resource.get("files"):
        body["(files)"] = resource["files"]
    if options:
        body["(options)"] = options
    return yaml_text(body) if body else ""
