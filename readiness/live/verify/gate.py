"""The guarded environment, as GitHub's REST API has it: no plan and no refresh sees reviewers that were removed."""

from __future__ import annotations

from readiness.live.github_api import GitHub
from readiness.live.github_gate import gate_differences
from readiness.live.verify.rows import Row, failed, passed
from readiness.settings.github import ProductionEnvironment

CHECK = "environment protection"


def gate_rows(github: GitHub, settings: ProductionEnvironment) -> list[Row]:
    """A row for each difference, weaker ones first; one that passes where there is none. Raises GitHubError."""
    differences = gate_differences(github, settings)
    if not differences:
        return [passed(CHECK, settings.name, "as declared")]
    rows = []
    for each in differences:
        weaker = ": it lets through more than declared" if each.weaker else ""
        text = f"{each.what}: declared {each.declared}, live {each.live}{weaker}"
        rows.append(failed(CHECK, each.environment, text))
    return rows
