"""The workflow for Dependabot's minor and patch updates, from the template beside this file.

Without `enabled` it labels and has no right to merge. With it, it looks at GitHub itself every time (auto-merge
allowed, a required check, the App's key) and labels only where one of them is missing.
"""

from __future__ import annotations

import re
import shlex

from readiness.delivered.header import with_header
from readiness.delivered.templates import filled_in, json_text, template
from readiness.settings.github import MINOR_OR_PATCH_LABEL, AutoMerge

AUTO_MERGE_PATH = ".github/workflows/dependabot-auto-merge.yml"
APP_KEY_SECRET = "AUTO_MERGE_APP_PRIVATE_KEY"  # noqa: S105 - a name

_TEMPLATE = "dependabot-auto-merge.yml"
_MERGE = "# FROM HERE ON ONLY WHERE AUTO-MERGE IS ENABLED\n"


def auto_merge_text(settings: AutoMerge, *, repository: str, default_branch: str) -> str:
    """The whole file; `repository` is OWNER/NAME."""
    text = template(_TEMPLATE)
    label, _, merge = text.partition(_MERGE)
    text = label + merge if settings.enabled else label
    values = {
        "OWNER/REPOSITORY": repository,
        # As a JSON string, which YAML reads too, and without what the filter takes for a pattern.
        "DEFAULT_BRANCH": json_text(re.sub(r"[+!\]]", r"\\\g<0>", default_branch)),
        "LABEL": MINOR_OR_PATCH_LABEL,
        "APP_CLIENT_ID": settings.app_client_id or "",
    }
    return with_header("dependabot.auto_merge", filled_in(text, values))


def allow_auto_merge_command(repository: str) -> str:
    """What an administrator runs once. As a resource it would take over, and reset, the whole repository."""
    return f"gh api -X PATCH {shlex.quote(f'repos/{repository}')} -F allow_auto_merge=true"
