"""The files that a plan holds for the application's repository."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from readiness.finding import Finding
from readiness.managed_files.header import MANAGED_FOLDER, is_managed_path
from readiness.refusal import RefusedError

PULL_REQUEST = "pull_request"


def declared_files(resources: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Text by path of every file that waits for a pull request. `resources` as a plan holds them.

    Raises RefusedError where one is outside `.github/`, two components declare the same, or the plan lacks its text.
    """
    files: dict[str, str] = {}
    problems: list[Finding] = []
    for each in resources:
        inputs = each.get("inputs", {})
        if not each["type"].startswith("readiness:") or inputs.get("delivery") != PULL_REQUEST:
            continue
        texts = each.get("files", {})
        for path in sorted(inputs.get("digests", {}).keys() - texts.keys()):
            message = "has no text in the plan: its text is a secret, or another resource has yet to produce it"
            problems.append(
                Finding(
                    rule_id="managed-file-not-text",
                    file=path,
                    key=each["name"],
                    message=message,
                    hint="Declare the file with plain text",
                )
            )
        for path, text in texts.items():
            if not is_managed_path(path):
                message = f"is outside {MANAGED_FOLDER}, and nothing else of the repository is written to"
                problems.append(
                    Finding(
                        rule_id="managed-file-header",
                        file=path,
                        key=each["name"],
                        message=message,
                        hint="Correct the component",
                    )
                )
            elif path in files:
                message = "is declared by two components"
                problems.append(
                    Finding(
                        rule_id="managed-file-declared-twice",
                        file=path,
                        key=each["name"],
                        message=message,
                        hint="Let one declare it",
                    )
                )
            files.setdefault(path, text)
    if problems:
        raise RefusedError(problems)
    return files
