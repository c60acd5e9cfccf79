"""The declared policies as a Prometheus rule file, so that `promtool` runs exactly the deployed queries.

Reads the plan and not the catalogue, so that tests also cover the components.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_HEADER = """\
# Made by `readiness rules {stack}` from the plan: the PromQL policies that the stack declares.
# Run it: promtool check rules FILE, promtool test rules CASES.
"""


def rule_groups(policies: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """The rule file as data, with one group for each rule group and interval. `policies` are resources of a plan."""
    groups: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for policy in policies:
        for condition in policy["inputs"].get("conditions", []):
            promql = condition.get("conditionPrometheusQueryLanguage")
            if promql is not None:
                key = (promql["ruleGroup"], promql["evaluationInterval"])
                groups.setdefault(key, []).append(_rule(policy["inputs"], promql))
    return {
        "groups": [
            {"name": name, "interval": interval, "rules": sorted(rules, key=lambda rule: rule["alert"])}
            for (name, interval), rules in sorted(groups.items())
        ]
    }


def rule_file_header(stack: str) -> str:
    """The comment at the top of the file."""
    return _HEADER.format(stack=stack)


def _rule(policy: dict[str, Any], promql: dict[str, Any]) -> dict[str, Any]:
    links = policy.get("documentation", {}).get("links", [])
    return {
        "alert": promql["alertRule"],
        "expr": promql["query"],
        "for": promql["duration"],
        "labels": {"severity": policy["severity"], **policy.get("userLabels", {}), **promql.get("labels", {})},
        "annotations": {
            "summary": policy["displayName"],
            "runbook_url": links[0]["url"] if links else "",
        },
    }
