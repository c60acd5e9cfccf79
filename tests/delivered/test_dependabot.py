"""The rendered `dependabot.yml`: valid by its schema, clean by zizmor, and about the folders that really exist."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner, Result

from readiness.delivered.dependabot import DEPENDABOT_PATH, dependabot_labels, dependabot_text
from readiness.delivered.header import is_as_delivered
from readiness.settings.github import MINOR_OR_PATCH_LABEL, AutoMerge, Dependabot, DependabotUpdate, Ecosystem
from tests.delivered.delivered import zizmor
from tests.projects import settings_of

# The folders with manifests in the first customer's repository (tests/delivered/customer_tree.py).
FOLDERS = {
    "pip": ["/backend"],
    "npm": ["/frontend"],
    "docker": ["/backend", "/frontend"],
    "docker-compose": ["/"],
    "github-actions": ["/"],
    "terraform": [
        "/terraform/bootstrap",
        "/terraform/environments/staging",
        "/terraform/environments/production",
        "/terraform/modules/gcp-environment",
    ],
}


def dependabot_of(stack: str) -> Dependabot:
    """The settings of a stack."""
    settings = settings_of(stack).dependabot
    assert settings is not None
    return settings


def every_ecosystem() -> Dependabot:
    """A file with an entry of every ecosystem that the settings allow."""
    return Dependabot(
        updates=tuple(DependabotUpdate(ecosystem=ecosystem, directories=("/x",)) for ecosystem in get_args(Ecosystem))
    )


def test_the_label_of_the_auto_merge_workflow_is_needed_only_with_the_workflow() -> None:
    """Also where the workflow only labels."""
    without = every_ecosystem()
    with_auto_merge = without.model_copy(update={"auto_merge": AutoMerge(enabled=False)})
    assert [(label.name, label.color) for label in dependabot_labels(without)] == [("dependencies", "0366d6")]
    assert [label.name for label in dependabot_labels(with_auto_merge)] == ["dependencies", MINOR_OR_PATCH_LABEL]


def test_labels_have_the_colours_of_the_settings_and_that_of_auto_merge_its_own() -> None:
    """The colour is six digits, without `#`."""
    assert {label.name: label.color for label in dependabot_labels(dependabot_of("every-option"))} == {
        "dependencies": "0e8a16",
        "automated": "ededed",
        MINOR_OR_PATCH_LABEL: "c2e0c6",
    }


def written(folder: Path, settings: Dependabot) -> Path:
    """The file where GitHub looks for it."""
    path = folder / DEPENDABOT_PATH
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dependabot_text(settings), encoding="utf-8")
    return path


def by_schema(path: Path) -> Result:
    """What check-jsonschema says of the file."""
    return CliRunner().invoke(check_jsonschema, ["--builtin-schema", "vendor.dependabot", str(path)])


CASES: dict[str, Any] = {
    "prod": lambda: dependabot_of("prod"),
    "every-option": lambda: dependabot_of("every-option"),
    "every ecosystem": every_ecosystem,
    "daily": lambda: every_ecosystem().model_copy(update={"interval": "daily", "cooldown_days": 90}),
    "no labels": lambda: every_ecosystem().model_copy(update={"labels": ()}),
}


@pytest.mark.parametrize("case", CASES)
def test_the_file_is_valid_by_githubs_schema(tmp_path: Path, case: str) -> None:
    """Dependabot ignores the whole file for one wrong key."""
    result = by_schema(written(tmp_path, CASES[case]()))
    assert result.exit_code == 0, result.output


def test_the_schema_would_say_so(tmp_path: Path) -> None:
    """The check above can fail."""
    path = written(tmp_path, dependabot_of("prod"))
    path.write_text(path.read_text(encoding="utf-8").replace("interval: weekly", "interval: weekley"), encoding="utf-8")
    assert by_schema(path).exit_code == 1


@pytest.mark.parametrize("case", CASES)
def test_zizmor_finds_nothing_in_it(tmp_path: Path, case: str) -> None:
    """A cooldown of a week at least: the window in which bad versions are withdrawn."""
    result = zizmor(written(tmp_path, CASES[case]()))
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No findings to report" in result.stdout


def test_zizmor_would_say_so(tmp_path: Path) -> None:
    """The check above can fail: a cooldown that the settings would refuse."""
    hasty = dependabot_of("prod").model_copy(update={"cooldown_days": 1})
    assert "dependabot-cooldown" in zizmor(written(tmp_path, hasty)).stdout


def test_every_folder_of_the_first_customer_is_there() -> None:
    """A folder that is left out is never updated, and nobody is notified."""
    updates = yaml.safe_load(dependabot_text(dependabot_of("prod")))["updates"]
    assert {update["package-ecosystem"]: update["directories"] for update in updates} == FOLDERS


def test_every_setting_arrives() -> None:
    """Set apart from their defaults in the fixture stack."""
    file = yaml.safe_load(dependabot_text(dependabot_of("every-option")))
    assert file["version"] == 2
    assert file["updates"][0] == {
        "package-ecosystem": "npm",
        "directories": ["/web", "/api"],
        "schedule": {"interval": "monthly"},
        "cooldown": {"default-days": 14},
        "open-pull-requests-limit": 3,
        "labels": ["dependencies", "automated"],
        "groups": {"npm-minor-and-patch": {"applies-to": "version-updates", "update-types": ["minor", "patch"]}},
    }


def test_majors_come_one_by_one() -> None:
    """A group that mixed them with patches would hide them; every ecosystem has its group."""
    for update in yaml.safe_load(dependabot_text(every_ecosystem()))["updates"]:
        ((name, group),) = update["groups"].items()
        assert name == f"{update['package-ecosystem']}-minor-and-patch"
        assert "major" not in group["update-types"]


def test_nothing_is_ignored() -> None:
    """`ignore` would silence security updates too."""
    assert "ignore" not in dependabot_text(every_ecosystem())


def test_the_file_is_known_again_as_delivered() -> None:
    """By its header, which also says where it is edited."""
    text = dependabot_text(dependabot_of("prod"))
    assert is_as_delivered(text)
    assert "readiness:dependabot" in text.splitlines()[0]
