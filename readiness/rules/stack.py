"""Everything that is checked about one stack before anything is declared: files, settings, limits."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from readiness import clock
from readiness.alerts.limits import limit_violations
from readiness.finding import Finding, errors_only
from readiness.refusal import RefusedError
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.validation import Validated, validate


def check_stack(root: Path, stack: str, file: str | None = None) -> Validated:
    """Settings and problems of a stack, by its files and the clock. Never raises for what the files hold."""
    try:
        return check_config(read_stack(root, stack, file), today=clock.today())
    except RefusedError as refusal:
        return Validated(settings=None, problems=refusal.problems)


def check_config(config: StackConfig, *, today: date) -> Validated:
    """Settings and problems of a stack's configuration, wherever it was read, on the day `today` in UTC."""
    found = validate(config, today=today)
    if found.settings is None:
        return found
    problems = (*found.problems, *_limit_problems(config, found.settings))
    return Validated(settings=found.settings, problems=problems)


def require_settings(checked: Validated) -> Settings:
    """The settings. Raises RefusedError with every problem when one of them is an error."""
    if checked.settings is None or errors_only(checked.problems):
        raise RefusedError(errors_only(checked.problems))
    return checked.settings


def _limit_problems(config: StackConfig, settings: Settings) -> list[Finding]:
    # One setting makes several texts grow; the first that is too long says enough.
    first = {violation[0]: violation for violation in reversed(list(limit_violations(settings)))}
    problems = []
    for name, message, hint in first.values():
        key = f"readiness:{name}"
        file, line = config.place(key)
        problems.append(
            Finding(rule_id="settings-text-too-long", file=file, line=line, key=key, message=message, hint=hint)
        )
    return problems
