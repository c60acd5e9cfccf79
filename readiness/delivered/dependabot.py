"""`.github/dependabot.yml` for the ecosystems and folders of the repository, and the workflow that merges its updates.

Minor and patch updates of an ecosystem come in one pull request, and major updates one by one: a mixed group would
hide the major update. Cooldown and limit do not apply to security updates (GHD dependabot-options-reference.md).

Without auto-merge `enabled`, the workflow for minor and patch updates only sets a label. With it, the workflow checks
GitHub every time (auto-merge allowed, a required check, the App's key), and only sets the label if one is missing.
"""

from __future__ import annotations

import re
import shlex
from typing import Any

from readiness.delivered.header import with_header
from readiness.delivered.templates import filled_in, json_text, template
from readiness.settings.github import MINOR_OR_PATCH_LABEL, AutoMerge, Dependabot, DependabotLabel, DependabotUpdate
from readiness.yaml_text import yaml_text

DEPENDABOT_PATH = ".github/dependabot.yml"
AUTO_MERGE_PATH = ".github/workflows/dependabot-auto-merge.yml"
APP_KEY_SECRET = "AUTO_MERGE_APP_PRIVATE_KEY"  # noqa: S105 - a name

_TEMPLATE = "dependabot-auto-merge.yml"
_MERGE = "# FROM HERE ON ONLY WHERE AUTO-MERGE IS ENABLED\n"

_MINOR_OR_PATCH = DependabotLabel(name=MINOR_OR_PATCH_LABEL, color="c2e0c6", description="Changes no major version")


def dependabot_labels(settings: Dependabot) -> tuple[DependabotLabel, ...]:
    """The labels that the repository needs: those of the settings, and the one that the auto-merge workflow sets."""
    return (*settings.labels, *((_MINOR_OR_PATCH,) if settings.auto_merge else ()))


def dependabot_text(settings: Dependabot) -> str:
    """The whole file."""
    return with_header("dependabot", yaml_text(dependabot_document(settings)))


def dependabot_document(settings: Dependabot) -> dict[str, Any]:
    """The content of the file. Its entries and their folders are in the order of the settings."""
    return {"version": 2, "updates": [_entry(settings, update) for update in settings.updates]}


def auto_merge_text(settings: AutoMerge, *, repository: str, default_branch: str) -> str:
    """The whole file; `repository` is OWNER/NAME."""
    text = template(_TEMPLATE)
    label, _, merge = text.partition(_MERGE)
    text = label + merge if settings.enabled else label
    values = {
        "OWNER/REPOSITORY": repository,
        # As a JSON string, which is also YAML, with the special characters of branch filters escaped.
        "DEFAULT_BRANCH": json_text(re.sub(r"[+!\]]", r"\\\g<0>", default_branch)),
        "LABEL": MINOR_OR_PATCH_LABEL,
        "APP_CLIENT_ID": settings.app_client_id or "",
    }
    return with_header("dependabot.auto_merge", filled_in(text, values))


def allow_auto_merge_command(repository: str) -> str:
    """The command that an administrator runs once. A resource for it would adopt, and reset, the whole repository."""
    return f"gh api -X PATCH {shlex.quote(f'repos/{repository}')} -F allow_auto_merge=true"


def _entry(settings: Dependabot, update: DependabotUpdate) -> dict[str, Any]:
    return {
        "package-ecosystem": update.ecosystem,
        "directories": list(update.directories),
        "schedule": {"interval": settings.interval},
        # Every ecosystem supports `default-days`.
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
