"""Which files the settings of a stack put into the application's repository."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.alerts.watched_workflows import watched_deployments
from readiness.delivered.application_files import MIGRATION_PATH, application_files
from readiness.delivered.delivery_files import delivery_files
from readiness.delivered.dependabot import AUTO_MERGE_PATH, DEPENDABOT_PATH, dependabot_text
from readiness.delivered.header import is_as_delivered
from readiness.settings.model import Settings
from tests.projects import EVERY_OPTION, settings_of

SETTINGS = settings_of(EVERY_OPTION)


def changed(**sections: Any) -> Settings:
    """The settings with every option, with some sections changed."""
    return SETTINGS.model_copy(update=sections)


def test_every_component_of_files_is_named_with_its_paths() -> None:
    """Each file has the header that marks it as delivered."""
    files = application_files(SETTINGS)
    assert set(files) == {
        "dependabot-files",
        "deployment-telemetry-files",
        "image-workflows-files",
        "migration-workflow",
    }
    assert set(files["dependabot-files"]) == {DEPENDABOT_PATH, AUTO_MERGE_PATH}
    assert set(files["migration-workflow"]) == {MIGRATION_PATH}
    assert ".github/workflows/cleanup-images.yml" in files["image-workflows-files"]
    assert all(is_as_delivered(text) for texts in files.values() for text in texts.values())


def test_texts_are_made_for_the_repository_and_the_project_of_the_settings() -> None:
    """Dependabot's from its own section."""
    files = application_files(SETTINGS)
    telemetry = watched_deployments(SETTINGS)
    assert telemetry is not None
    assert SETTINGS.dependabot is not None
    assert files["dependabot-files"][DEPENDABOT_PATH] == dependabot_text(SETTINGS.dependabot)
    assert files["deployment-telemetry-files"] == delivery_files(
        telemetry,
        repository="shop/shop.app",
        project="ytgrs-464303",
        default_branch=SETTINGS.managed_files.default_branch,
    )


def test_without_auto_merge_no_workflow_is_delivered() -> None:
    """Dependabot's own file is."""
    assert SETTINGS.dependabot is not None
    files = application_files(changed(dependabot=SETTINGS.dependabot.model_copy(update={"auto_merge": None})))
    assert set(files["dependabot-files"]) == {DEPENDABOT_PATH}


@pytest.mark.parametrize(
    ("section", "left_out"),
    [
        ("dependabot", {"dependabot-files"}),
        ("deployment_telemetry", {"deployment-telemetry-files"}),
        ("image_workflows", {"image-workflows-files"}),
        ("image_registry", {"image-workflows-files"}),
        ("migration_job", {"migration-workflow"}),
    ],
)
def test_a_section_that_is_left_out_delivers_nothing(section: str, left_out: set[str]) -> None:
    """The other files are still delivered."""
    assert application_files(SETTINGS).keys() - application_files(changed(**{section: None})).keys() == left_out
