"""The files that a plan holds for the application's repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.delivered.header import MANAGED_FOLDER, is_managed_path
from readiness.finding import Finding, RefusedError

PULL_REQUEST = "pull_request"


def declared_files(resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Text by path of every file that waits for a pull request. `resources` as a plan holds them.

    Raises RefusedError where one is outside `.github/`, two components declare the same, or the plan lacks its text.
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
                message = f"is outside {MANAGED_FOLDER}, and nothing else of the repository is written to"
                problems.append(_problem("header", resource, path, message, "Correct the component"))
            elif path in files:
                message = "is declared by two components"
                problems.append(_problem("declared-twice", resource, path, message, "Let one declare it"))
            files.setdefault(path, text)
    if problems:
        raise RefusedError(problems)
    return files


def _problem(rule: str, resource: Mapping[str, Any], path: str, message: str, hint: str) -> Finding:
    return Finding(rule_id=f"managed-file-{rule}", file=path, key=resource["name"], message=message, hint=hint)
