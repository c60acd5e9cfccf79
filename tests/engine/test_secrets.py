"""Planted secrets: found in none of state, history, files and output, though they reach the APIs that need them."""

from __future__ import annotations

import pytest

from tests.engine.engine import PASSPHRASE
from tests.engine.kinds import ACTIONS_SECRET, CHANNEL
from tests.engine.world import SECRETS, World
from tests.projects import EVERY_OPTION

pytestmark = pytest.mark.engine


def test_planted_secrets_reach_the_apis(applied: World) -> None:
    """Else the search below would prove nothing."""
    channels = [values.get("sensitiveLabels", {}) for values in applied.cloud.of_type(CHANNEL).values()]
    assert {"authToken": SECRETS["readiness:slack_auth_token"]} in channels
    assert {"serviceKey": SECRETS["readiness:pagerduty_service_key"]} in channels
    secrets = [values.get("value") for values in applied.cloud.of_type(ACTIONS_SECRET).values()]
    assert secrets == [SECRETS["readiness:slack_webhook_url"]]


def test_planted_secrets_are_in_no_file_that_the_engine_writes(applied: World) -> None:
    """State, history, backups, a saved plan, the stack's file, and the engine's own home; its logs included."""
    plan = applied.engine.project / "plan.json"
    applied.edit(f"Pulumi.{EVERY_OPTION}.yaml", "wait_timer_minutes: 10", "wait_timer_minutes: 15")
    applied.done("preview", "--stack", EVERY_OPTION, "--save-plan", str(plan))
    applied.done("up", "--stack", EVERY_OPTION, "--yes", "--skip-preview")
    searched = [
        file
        for folder in (applied.engine.backend, applied.engine.project, applied.folder / "home")
        for file in folder.rglob("*")
        if file.is_file() and not file.is_symlink()
    ]
    texts = {file.name: file.read_bytes() for file in searched}
    assert any("history" in str(file) for file in searched)
    assert [name for name, text in texts.items() if any(planted in text for planted in _planted())] == []


def test_planted_secrets_are_in_nothing_that_the_engine_prints(applied: World) -> None:
    """Preview, diff, JSON, an update that fails and one that passes, outputs, history and an exported state."""
    second = "xoxb-2222-planted-second-token"
    stack = ("--stack", EVERY_OPTION)
    applied.done("config", "set", *stack, "--secret", "readiness:slack_auth_token", second)
    applied.cloud.fail("PATCH", "channels-slack", 403)
    runs = [
        applied.preview(EVERY_OPTION, "--diff"),
        applied.preview(EVERY_OPTION, "--json"),
        applied.up(EVERY_OPTION, "--diff"),
        applied.readiness("up", EVERY_OPTION, "--diff"),
        applied.engine.run("stack", "output", *stack),
        applied.engine.run("stack", "export", *stack),
        applied.engine.run("stack", "history", *stack, "--full-dates"),
        applied.engine.run("config", *stack),
    ]
    assert [run.status for run in runs] == [0, 0, 1, 1, 0, 0, 0, 0]
    planted = [*_planted(), second.encode()]
    assert [run for run in runs if any(text in run.text.encode() for text in planted)] == []


def _planted() -> list[bytes]:
    return [*(value.encode() for value in SECRETS.values()), PASSPHRASE.encode()]
