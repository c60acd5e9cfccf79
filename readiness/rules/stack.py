"""Everything that is checked about one stack before anything is declared: files, settings, limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

from readiness import clock
from readiness.alerts.api_limits import limit_violations
from readiness.finding import Finding, RefusedError, errors_only
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.validation import Validated, validate


def check_stack(root: Path, stack: str) -> Validated:
    """Settings and problems of a stack, by its files and the clock. Never raises for what the files hold."""
    try:
        return check_config(read_stack(root, stack), today=clock.today())
    except RefusedError as refusal:
        return Validated(settings=None, problems=refusal.problems)


def check_config(config: StackConfig, *, today: date) -> Validated:
    """Settings and problems of a stack's configuration, wherever it was read, on the day `today` in UTC."""
    found = validate(config, today=today)
    limits = _limit_problems(config, found.view) if found.view is not None else []
    return replace(found, problems=(*found.problems, *limits))


def require_settings(checked: Validated) -> Settings:
    """The settings. Raises RefusedError with every problem when one of them is an error."""
    if checked.settings is None or errors_only(checked.problems):
        raise RefusedError(errors_only(checked.problems))
    return checked.settings


def _limit_problems(config: StackConfig, view: Settings) -> list[Finding]:
    # One setting makes several texts grow; the first that is too long says enough.
    first = {violation[0]: violation for violation in reversed(list(limit_violations(view)))}
    return [config.error("settings-text-too-long", (name,), message, hint) for name, message, hint in first.values()]
