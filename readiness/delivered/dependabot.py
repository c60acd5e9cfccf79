"""`.github/dependabot.yml`, rendered for the ecosystems and folders that the repository really has.

Minor and patch updates of an ecosystem come in one pull request, majors one by one: a group that mixed them would hide
the major. Security updates are not touched by cooldown or limit (GHD dependabot-options-reference.md).
"""

from __future__ import annotations

from typing import Any

from readiness.delivered.header import with_header
from readiness.settings.github import MINOR_OR_PATCH_LABEL, Dependabot, DependabotLabel, DependabotUpdate
from readiness.yaml_text import yaml_text

DEPENDABOT_PATH = ".github/dependabot.yml"

_MINOR_OR_PATCH = DependabotLabel(name=MINOR_OR_PATCH_LABEL, color="c2e0c6", description="Raises no major version")


def dependabot_labels(settings: Dependabot) -> tuple[DependabotLabel, ...]:
    """The labels that the repository needs: those of the settings, and the one that the auto-merge workflow sets."""
    return (*settings.labels, *((_MINOR_OR_PATCH,) if settings.auto_merge else ()))


def dependabot_text(settings: Dependabot) -> str:
    """The whole file."""
    return with_header("dependabot", yaml_text(dependabot_document(settings)))


def dependabot_document(settings: Dependabot) -> dict[str, Any]:
    """What the file says. Its entries and their folders stand in the order of the settings."""
    return {"version": 2, "updates": [_entry(settings, update) for update in settings.updates]}


def _entry(settings: Dependabot, update: DependabotUpdate) -> dict[str, Any]:
    return {
        "package-ecosystem": update.ecosystem,
        "directories": list(update.directories),
        "schedule": {"interval": settings.interval},
        # `default-days` is the one kind that every ecosystem takes.
        "cooldown": {"default-days": settings.cooldown_days},
        "open-pull-requests-limit": settings.open_pull_requests_limit,
        "labels": [label.name for label in settings.labels],
        "groups": {
            f"{update.ecosystem}-minor-and-patch": {
                "applies-to": "version-updates",
                "update-types": ["minor", "patch"],
            }
        },
    }
