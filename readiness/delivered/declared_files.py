"""The files in a plan for the application's repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.delivered.header import MANAGED_FOLDER, is_managed_path
from readiness.finding import Finding, RefusedError

PULL_REQUEST = "pull_request"


def declared_files(resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """The text of every file to deliver by pull request, by its path. `resources` are those of a plan.

    Raises RefusedError if a file is outside `.github/`, two components declare it, or the plan lacks its text.
    """
    files: dict[str, str] = {}
    problems: list[Finding] = []
    for resource in resources:
        inputs = resource.get("inputs", {})
        if not resource["type"].startswith("readiness:") or inputs.get("delivery") != PULL_REQUEST:
            continue
        texts = resource.get("files", {})
        for path in sorted(inputs.get("digests", {}).keys() - texts.keys()):
            message = "has no text in the plan: its text is a secret, or another resource has yet to produce it"
            problems.append(_problem("not-text", resource, path, message, "Declare the file with plain text"))
        for path, text in texts.items():
            if not is_managed_path(path):
                message = f"is outside {MANAGED_FOLDER}, the only folder of the repository that may be written"
                problems.append(_problem("header", resource, path, message, "Correct the component"))
            elif path in files:
                message = "is declared by two components"
                problems.append(_problem("declared-twice", resource, path, message, "Remove one of the declarations"))
            files.setdefault(path, text)
    if problems:
        raise RefusedError(problems)
    return files


def _problem(rule: str, resource: Mapping[str, Any], path: str, message: str, hint: str) -> Finding:
    return Finding(rule_id=f"managed-file-{rule}", file=path, key=resource["name"], message=message, hint=hint)
