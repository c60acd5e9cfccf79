"""Mistakes in a `dependabot.yml` that GitHub's schema accepts: GitHub would take the file, but update little.

Manifests: the names that the fetchers of dependabot/dependabot-core look for. Cooldown: GHD
dependabot-options-reference.md, which has the `semver-*` kinds for some ecosystems only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.finding import Finding

Path = tuple[str | int, ...]

# Names of manifests in the folder, as patterns for the whole name.
_MANIFESTS = {
    "docker": r"(?i)[^/]*(dockerfile|containerfile)[^/]*",
    "docker-compose": r"(?i)(docker-)?compose(-\w+)?(\.[\w-]+)?\.ya?ml",
    "gomod": r"go\.mod",
    "npm": r"package\.json",
    "pip": r"[^/]*(requirements|constraints)[^/]*\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|Pipfile",
    "pre-commit": r"\.pre-commit-config\.ya?ml",
    "terraform": r"[^/]+\.(tf|tf\.json|hcl)",
    "uv": r"pyproject\.toml|uv\.lock|[^/]*requirements[^/]*\.(txt|in)",
}
# Ecosystems without semantic versions, for which only `default-days` works.
_WITHOUT_SEMVER_COOLDOWN = frozenset({"docker", "docker-compose", "github-actions", "terraform"})

# Makes a finding from a path in the document, such as `("updates", 0, "directories", 1)`, a rule id, a message and a
# hint. The caller knows the file and line of the document.
At = Callable[[Path, str, str, str], Finding]


def dependabot_findings(
    document: Mapping[str, Any], *, at: At, labels: frozenset[str], files: frozenset[str] | None = None
) -> Iterator[Finding]:
    """Every finding. `labels` are those that the repository will have, `files` the repository's paths if known."""
    first_at: dict[tuple[str, str, str], Path] = {}
    for index, update in enumerate(document.get("updates", ())):
        path: Path = ("updates", index)
        yield from _folder_findings(update, path, at, files, first_at)
        yield from _cooldown_findings(update, path, at)
        yield from _group_findings(update, path, at)
        for place, label in enumerate(update.get("labels", ())):
            if label.lower() not in {known.lower() for known in labels}:
                message = f"the label {label} is not declared, so Dependabot silently leaves it out"
                yield at(
                    (*path, "labels", place),
                    "dependabot-undeclared-label",
                    message,
                    "Declare it under dependabot.labels",
                )
        if update.get("open-pull-requests-limit") == 0:
            message = "a limit of 0 disables version updates"
            yield at((*path, "open-pull-requests-limit"), "dependabot-switched-off", message, "Write 1 or more")
        for place, ignored in enumerate(update.get("ignore", ())):
            if ignored.get("dependency-name") == "*" and not (ignored.get("update-types") or ignored.get("versions")):
                message = "ignores every dependency, including security updates"
                yield at((*path, "ignore", place), "dependabot-ignores-everything", message, "Name what is ignored")
    if files is not None and ".github/dependabot.yaml" in files:
        message = "the repository also has .github/dependabot.yaml, but GitHub reads only one of the two"
        yield at((), "dependabot-two-files", message, "Move its entries into the settings, then delete it")


def _folder_findings(
    update: Mapping[str, Any],
    path: Path,
    at: At,
    files: frozenset[str] | None,
    first_at: dict[tuple[str, str, str], Path],
) -> Iterator[Finding]:
    ecosystem, branch = str(update.get("package-ecosystem")), str(update.get("target-branch", ""))
    folders = update.get("directories") or [update.get("directory", "/")]
    for place, folder in enumerate(folders):
        where = (*path, "directories", place) if "directories" in update else (*path, "directory")
        identity = (ecosystem, str(folder).rstrip("/") or "/", branch)
        if identity in first_at:
            message = f"{ecosystem} in {folder} is listed twice, so GitHub refuses the whole file"
            yield at(where, "dependabot-repeated-folder", message, "Keep one of the two")
        first_at.setdefault(identity, where)
        if files is not None and not _has_manifest(ecosystem, str(folder), files):
            message = f"{folder} contains no manifest that Dependabot reads for {ecosystem}"
            yield at(where, "dependabot-no-manifest", message, "Correct or remove the folder, or the ecosystem")


def _has_manifest(ecosystem: str, folder: str, files: frozenset[str]) -> bool:
    inside = folder.strip("/")
    prefix = f"{inside}/" if inside else ""
    if ecosystem == "github-actions":
        # For the root folder, Dependabot searches the folder of workflows.
        pattern = r"action\.ya?ml" if inside else r"(\.github/workflows/[^/]+|action)\.ya?ml"
    else:
        pattern = _MANIFESTS.get(ecosystem, r"[^/]+")
    return any(
        file.startswith(prefix) and re.fullmatch(pattern, file.removeprefix(prefix)) is not None for file in files
    )


def _cooldown_findings(update: Mapping[str, Any], path: Path, at: At) -> Iterator[Finding]:
    if update.get("package-ecosystem") not in _WITHOUT_SEMVER_COOLDOWN:
        return
    for kind in update.get("cooldown") or ():
        if kind.startswith("semver-"):
            message = f"{kind} has no effect for {update['package-ecosystem']}, so no update waits"
            yield at((*path, "cooldown", kind), "dependabot-cooldown", message, "Write default-days")


def _group_findings(update: Mapping[str, Any], path: Path, at: At) -> Iterator[Finding]:
    for name, group in (update.get("groups") or {}).items():
        kinds = set(group.get("update-types") or ("major", "minor", "patch"))
        if "major" in kinds and kinds & {"minor", "patch"}:
            message = f"the group {name} mixes major with smaller updates, so its pull request would hide them"
            hint = "Write update-types: [minor, patch]; major updates then come one by one"
            yield at((*path, "groups", name), "dependabot-group", message, hint)
