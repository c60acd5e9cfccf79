"""The offline plan as text for a terminal and as Markdown for a pull request."""

from __future__ import annotations

import textwrap
from collections import Counter
from typing import Any

from readiness.review.offline_plan import Plan
from readiness.review.recorder import STACK_TYPE
from readiness.yaml_text import yaml_text

CAVEAT = "What the program declares; made without engine, credentials or network. It does not know what exists."


def plan_text(plan: Plan) -> str:
    """Every declared resource with its inputs and options, and where the program declares it."""
    parts = [f"{plan.project}/{plan.stack}: {_count(plan)}", CAVEAT, ""]
    for resource in _declared(plan):
        parts.append(f"{resource['type']}  {resource['name']}{_place(resource)}")
        parts.append(_indented(_body(resource)))
    parts.append("Outputs")
    parts.append(_indented(yaml_text(plan.outputs)))
    return "\n".join(parts).rstrip() + "\n"


def plan_markdown(plan: Plan) -> str:
    """A summary table, then one folded section for each resource."""
    parts = [f"## Plan of `{plan.project}/{plan.stack}`: {_count(plan)}", "", f"_{CAVEAT}_", ""]
    parts += ["| Type | Name | Declared in |", "|---|---|---|"]
    parts += [f"| `{each['type']}` | `{each['name']}` | {_place(each).strip() or '-'} |" for each in _declared(plan)]
    for resource in _declared(plan):
        if not _body(resource):
            continue
        fence = "````" if "```" in _body(resource) else "```"
        parts += ["", f"<details><summary><code>{resource['name']}</code> {resource['type']}</summary>", ""]
        parts += [f"{fence}yaml", _body(resource).rstrip(), fence, "", "</details>"]
    parts += ["", "### Outputs", "", "```yaml", yaml_text(plan.outputs).rstrip(), "```"]
    return "\n".join(parts) + "\n"


def _declared(plan: Plan) -> list[dict[str, Any]]:
    return [resource for resource in plan.resources if resource["type"] != STACK_TYPE]


def _count(plan: Plan) -> str:
    kinds = Counter(resource["type"].rpartition(":")[2] for resource in _declared(plan))
    return f"{kinds.total()} resources ({', '.join(f'{number} {kind}' for kind, number in sorted(kinds.items()))})"


def _place(resource: dict[str, Any]) -> str:
    source = resource["source"]
    return f"  {source['file']}:{source['line']}" if source else ""


def _body(resource: dict[str, Any]) -> str:
    """Inputs, then options under their own names; URNs shortened to what tells them apart."""
    options = dict(resource["options"])
    if "dependencies" in options:
        options["dependencies"] = [urn.rpartition("::")[2] for urn in options["dependencies"]]
    body = dict(resource["inputs"])
    if options:
        body["(options)"] = options
    return yaml_text(body) if body else ""


def _indented(text: str) -> str:
    return textwrap.indent(text, "    ")
