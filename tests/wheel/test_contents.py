"""What is in the wheel: everything of the toolkit and the components, and nothing of the first customer."""

from __future__ import annotations

import re
import tomllib
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

from readiness import __version__
from tests.projects import FIRST_CUSTOMER, ROOT

# Names of the first customer that its stack files do not have.
OTHER_NAMES = ("ai-resume", "ai_resume", "airesume", "arr-v2", "864523342928", "wnjxxf534a", "terraform-state")
# Settings whose values name something of its owner's.
NAMING_KEYS = {
    "gcp:project", "github:owner", "name", "url", "instance", "repository_id", "account_id", "database",
    "vpc_connector", "workload_identity_provider", "promotion_identity", "report_identity", "scan_identity",
    "service_account",
}  # fmt: skip
# The names among these values that any project could have.
COMMON_NAMES = {"production", "staging", "devops on call", "tech lead", "postgres", "github.com"}


@pytest.fixture(scope="module")
def files(wheel: Path) -> dict[str, bytes]:
    """The content of each file of the wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_every_file_of_the_toolkit_and_the_components_is_in_it_and_no_other(files: dict[str, bytes]) -> None:
    """Templates, schemas, delivered files and the markers of typed packages too. The components are in it once."""
    packages = {"readiness": "readiness", "components": "readiness/components"}
    expected = {
        f"{place}/{path.relative_to(ROOT / package).as_posix()}"
        for package, place in packages.items()
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    about = f"readiness-{__version__}.dist-info"
    assert {name for name in files if PurePosixPath(name).parts[0] != about} == expected
    for name in ("components/alert_policies.py", "rules/schemas/github.json", "delivered/scan.yml", "py.typed"):
        assert f"readiness/{name}" in expected, "nothing was compared"
    assert f"{about}/licenses/LICENSE" in files


def test_its_metadata_is_what_pyproject_and_the_package_say(files: dict[str, bytes]) -> None:
    """Version, dependencies, the command."""
    about = f"readiness-{__version__}.dist-info"
    metadata = Parser().parsestr(files[f"{about}/METADATA"].decode())
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert "version" not in project, "readiness/__init__.py has the version"
    assert metadata["Version"] == __version__
    assert {str(Requirement(text)) for text in metadata.get_all("Requires-Dist", [])} == {
        str(Requirement(text)) for text in project["dependencies"]
    }
    assert b"readiness = readiness.cli.main:main" in files[f"{about}/entry_points.txt"]


def test_nothing_of_the_first_customer_is_in_it(files: dict[str, bytes]) -> None:
    """Project, repository, services, databases, accounts and addresses: other teams install this."""
    names = sorted({*customer_names(), *OTHER_NAMES})
    assert {"ytgrs-464303", "stellar-aiz", "ai-resume-review-v2-backend-prod", "ai-resume-connector-v2"} <= set(names)
    pattern = re.compile("|".join(map(re.escape, names)), re.IGNORECASE)
    found = [
        (name, match.group())
        for name, content in files.items()
        for match in pattern.finditer(f"{name}\n{content.decode('utf-8')}")
    ]
    assert found == []


def customer_names() -> Iterator[str]:
    """What the stack files of the first customer name: whole values, and the hosts of addresses."""
    for file in sorted(FIRST_CUSTOMER.glob("Pulumi*.yaml")):
        for value in naming_values(yaml.safe_load(file.read_text(encoding="utf-8")).get("config", {})):
            for name in (value, *re.findall(r"https://([^/]+)", value)):
                if name.lower() not in COMMON_NAMES and len(name) > 4:
                    yield name


def naming_values(value: Any, key: str = "") -> Iterator[str]:
    """The texts at keys that name something, at any depth."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield from naming_values(item, key if inner in ("value", "default") else inner)
    elif isinstance(value, list):
        for item in value:
            yield from naming_values(item, key)
    elif isinstance(value, str) and key in NAMING_KEYS:
        yield value
