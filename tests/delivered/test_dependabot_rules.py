"""A `dependabot.yml` that the schema accepts and that would do little is refused."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from readiness.delivered.dependabot import dependabot_document
from readiness.delivered.dependabot_rules import dependabot_findings
from readiness.finding import Finding
from tests.delivered.customer_tree import FILES
from tests.projects import ROOT, settings_of

LABELS = frozenset({"dependencies"})
GOOD: dict[str, Any] = {
    "package-ecosystem": "npm",
    "directories": ["/web"],
    "cooldown": {"default-days": 7},
    "labels": ["Dependencies"],
    "groups": {"small": {"update-types": ["minor", "patch"]}},
}


def at(path: tuple[str | int, ...], rule_id: str, message: str, hint: str) -> Finding:
    """A finding whose key is the path with a space between its parts."""
    key = " ".join(map(str, path))
    return Finding(rule_id=rule_id, file="dependabot.yml", key=key, message=message, hint=hint)


def findings(*updates: dict[str, Any], files: tuple[str, ...] | None = None) -> list[Finding]:
    """What is said of a file with these entries."""
    paths = None if files is None else frozenset(files)
    return list(dependabot_findings({"version": 2, "updates": updates}, at=at, labels=LABELS, files=paths))


def only(*updates: dict[str, Any], files: tuple[str, ...] | None = None) -> tuple[str, str]:
    """Place and message of the one finding."""
    (found,) = findings(*updates, files=files)
    assert found.hint
    return found.key, found.message


def test_a_good_entry_has_no_finding() -> None:
    """Also one that names a single folder, or the same one for another branch."""
    single = {"package-ecosystem": "pip", "directory": "/"}
    assert findings(GOOD, single, {**GOOD, "target-branch": "next"}) == []


def test_the_first_customers_file_fits_its_repository() -> None:
    """Every folder contains a manifest of its ecosystem, `docker-compose.dev.yml` included."""
    settings = settings_of("prod").dependabot
    assert settings is not None
    document = dependabot_document(settings)
    assert list(dependabot_findings(document, at=at, labels=LABELS, files=frozenset(FILES))) == []
    assert len(document["updates"]) == 6


def test_this_projects_own_file_fits_it() -> None:
    """What is preached is done."""
    document = yaml.safe_load((ROOT / ".github" / "dependabot.yml").read_text(encoding="utf-8"))
    files = [".github/workflows/apply.yml"]
    files += [str(path.relative_to(ROOT)) for path in ROOT.glob("**/requirements.txt") if ".venv" not in path.parts[0]]
    files += [str(path.relative_to(ROOT)) for path in (ROOT / "tools").glob("*/go.mod")]
    assert list(dependabot_findings(document, at=at, labels=LABELS, files=frozenset(files))) == []
    modules = next(update["directories"] for update in document["updates"] if update["package-ecosystem"] == "gomod")
    assert modules == sorted(f"/{file.removesuffix('/go.mod')}" for file in files if file.endswith("go.mod"))


@pytest.mark.parametrize("twin", ["/web", "/web/"])
def test_a_folder_that_is_listed_twice_is_refused(twin: str) -> None:
    """GitHub refuses the whole file; over two entries too."""
    path, message = only(GOOD, {**GOOD, "directories": ["/api", twin]})
    assert path == "updates 1 directories 1"
    assert "is listed twice" in message


@pytest.mark.parametrize("ecosystem", ["github-actions", "docker", "docker-compose", "terraform"])
def test_a_cooldown_by_kind_of_version_is_refused_where_there_are_none(ecosystem: str) -> None:
    """It would not hold, and nothing would wait."""
    update = {"package-ecosystem": ecosystem, "directories": ["/"], "cooldown": {"semver-major-days": 30}}
    path, message = only(update)
    assert path == "updates 0 cooldown semver-major-days"
    assert f"has no effect for {ecosystem}" in message
    assert findings({**update, "package-ecosystem": "npm"}) == []


@pytest.mark.parametrize("group", [{"patterns": ["*"]}, {"update-types": ["major", "minor"]}])
def test_a_group_that_mixes_majors_with_smaller_updates_is_refused(group: dict[str, Any]) -> None:
    """One pull request would hide them, and auto-merge would never see a small one."""
    path, message = only({**GOOD, "groups": {"all": group}})
    assert path == "updates 0 groups all"
    assert "mixes major" in message
    assert findings({**GOOD, "groups": {"majors": {"update-types": ["major"]}}}) == []


def test_an_undeclared_label_is_refused() -> None:
    """Dependabot silently leaves it out."""
    assert only({**GOOD, "labels": ["dependencies", "deps"]})[0] == "updates 0 labels 1"


def test_a_limit_of_nothing_is_refused() -> None:
    """It switches version updates off."""
    assert "disables version updates" in only({**GOOD, "open-pull-requests-limit": 0})[1]


def test_ignoring_everything_is_refused() -> None:
    """Security updates would be ignored too; one dependency, or one kind, may be."""
    assert "including security updates" in only({**GOOD, "ignore": [{"dependency-name": "*"}]})[1]
    kinds = {"dependency-name": "*", "update-types": ["version-update:semver-major"]}
    assert findings({**GOOD, "ignore": [{"dependency-name": "next"}, kinds]}) == []


@pytest.mark.parametrize(
    ("ecosystem", "folder", "holds", "lacks"),
    [
        ("npm", "/web", "web/package.json", "web/sub/package.json"),
        ("pip", "/", "requirements-dev.txt", "backend/requirements.txt"),
        ("pip", "/", "pyproject.toml", "readme.txt"),
        ("docker", "/a", "a/Dockerfile.dev", "a/b/Dockerfile"),
        ("docker-compose", "/", "docker-compose.dev.yml", "my-docker.yml"),
        ("docker-compose", "/", "compose.yaml", "decompose.yaml"),
        ("gomod", "/tools/x", "tools/x/go.mod", "tools/xy/go.mod"),
        ("terraform", "/t", "t/main.tf", "t/modules/main.tf"),
        ("github-actions", "/", ".github/workflows/ci.yml", ".github/ci.yml"),
        ("github-actions", "/x", "x/action.yml", "x/.github/workflows/ci.yml"),
        ("pre-commit", "/", ".pre-commit-config.yaml", "pre-commit.yaml"),
        ("uv", "/", "uv.lock", "sub/uv.lock"),
        ("maven", "/j", "j/pom.xml", "k/pom.xml"),
    ],
)
def test_a_folder_without_a_manifest_is_refused(ecosystem: str, folder: str, holds: str, lacks: str) -> None:
    """Dependabot would open nothing for it; folders below it do not count."""
    update = {"package-ecosystem": ecosystem, "directories": [folder]}
    assert findings(update, files=(holds,)) == []
    path, message = only(update, files=(lacks,))
    assert path == "updates 0 directories 0"
    assert message == f"{folder} contains no manifest that Dependabot reads for {ecosystem}"


def test_a_second_file_of_the_other_ending_is_refused() -> None:
    """GitHub reads one of the two."""
    assert "also has .github/dependabot.yaml" in only(files=(".github/dependabot.yaml",))[1]
