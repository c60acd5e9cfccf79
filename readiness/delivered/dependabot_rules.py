"""What is wrong with a `dependabot.yml` that GitHub's schema lets pass: the file would be taken and would do little.

Manifests: the names that the fetchers of dependabot/dependabot-core look for. Cooldown: GHD
dependabot-options-reference.md, which has the `semver-*` kinds for some ecosystems only.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.finding import Finding

Path = tuple[str | int, ...]

# Name of a manifest in the folder, as a pattern for the whole name.
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
# Versions of these are no semantic ones, and only `default-days` holds.
_WITHOUT_SEMVER_COOLDOWN = frozenset({"docker", "docker-compose", "github-actions", "terraform"})

# Makes the finding at a path of the document, such as `("updates", 0, "directories", 1)`, of a rule id, a message and a
# hint: the caller knows which file and line the document was made from.
At = Callable[[Path, str, str, str], Finding]


def dependabot_findings(
    document: Mapping[str, Any], *, at: At, labels: frozenset[str], files: frozenset[str] | None = None
) -> Iterator[Finding]:
    """Every finding. `labels` are those that the repository will have, `files` the repository's paths where known."""
    first_at: dict[tuple[str, str, str], Path] = {}
    for index, update in enumerate(document.get("updates", ())):
        path: Path = ("updates", index)
        yield from _folder_findings(update, path, at, files, first_at)
        yield from _cooldown_findings(update, path, at)
        yield from _group_findings(update, path, at)
        for place, label in enumerate(update.get("labels", ())):
            if label.lower() not in {known.lower() for known in labels}:
                message = f"the label {label} is declared nowhere, and Dependabot leaves it out without a word"
                yield at(
                    (*path, "labels", place),
                    "dependabot-undeclared-label",
                    message,
                    "Declare it under dependabot.labels",
                )
        if update.get("open-pull-requests-limit") == 0:
            message = "a limit of 0 switches version updates off"
            yield at((*path, "open-pull-requests-limit"), "dependabot-switched-off", message, "Write 1 or more")
        for place, ignored in enumerate(update.get("ignore", ())):
            if ignored.get("dependency-name") == "*" and not (ignored.get("update-types") or ignored.get("versions")):
                message = "ignores every dependency, security updates included"
                yield at((*path, "ignore", place), "dependabot-ignores-everything", message, "Name what is ignored")
    if files is not None and ".github/dependabot.yaml" in files:
        message = "the repository holds .github/dependabot.yaml too, and GitHub reads one of the two"
        yield at((), "dependabot-two-files", message, "Delete it, after its entries have been taken over")


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
            message = f"{ecosystem} in {folder} stands twice, and GitHub refuses the whole file"
            yield at(where, "dependabot-repeated-folder", message, "Keep one of the two")
        first_at.setdefault(identity, where)
        if files is not None and not _holds_manifest(ecosystem, str(folder), files):
            message = f"{folder} holds nothing that Dependabot reads as {ecosystem}"
            yield at(where, "dependabot-no-manifest", message, "Correct or remove the folder, or the ecosystem")


def _holds_manifest(ecosystem: str, folder: str, files: frozenset[str]) -> bool:
    inside = folder.strip("/")
    prefix = f"{inside}/" if inside else ""
    if ecosystem == "github-actions":
        # For the root it looks where workflows are.
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
            message = f"{kind} does not hold for {update['package-ecosystem']}, so that nothing waits"
            yield at((*path, "cooldown", kind), "dependabot-cooldown", message, "Write default-days")


def _group_findings(update: Mapping[str, Any], path: Path, at: At) -> Iterator[Finding]:
    for name, group in (update.get("groups") or {}).items():
        kinds = set(group.get("update-types") or ("major", "minor", "patch"))
        if "major" in kinds and kinds & {"minor", "patch"}:
            message = f"the group {name} mixes majors with smaller updates, and one pull request would hide them"
            hint = "Write update-types: [minor, patch]; majors then come one by one"
            yield at((*path, "groups", name), "dependabot-group", message, hint)
