"""Every file that the settings of an owner stack put into the application's repository, by its path there."""

from __future__ import annotations

from readiness.managed_files.dependabot import DEPENDABOT_PATH, dependabot_text
from readiness.managed_files.dependabot_auto_merge import AUTO_MERGE_PATH, auto_merge_text
from readiness.settings.github import Dependabot, ManagedFiles


def dependabot_files(settings: Dependabot, *, repository: str, managed_files: ManagedFiles) -> dict[str, str]:
    """What Dependabot needs there; `repository` is OWNER/NAME."""
    texts = {DEPENDABOT_PATH: dependabot_text(settings)}
    if settings.auto_merge is not None:
        texts[AUTO_MERGE_PATH] = auto_merge_text(
            settings.auto_merge, repository=repository, default_branch=managed_files.default_branch
        )
    return texts
