"""The messages: every event reads alike, and what others wrote cannot do more than be read."""

from __future__ import annotations

import json

import pytest

from readiness.delivered.delivery_telemetry.messages import (
    Message,
    deployment_message,
    duration_text,
    escaped,
    messages_of_a_test,
    report_message,
    rollback_message,
    run_message,
)
from readiness.delivered.delivery_telemetry.rollbacks import rollbacks_in
from tests.delivered.delivery_telemetry.world import NOW, a_deployment, a_run, audit, settings

# Slack's limits of Block Kit (api.slack.com/reference/block-kit/blocks).
MAX_BLOCKS, MAX_SECTION, MAX_FIELDS, MAX_FIELD = 50, 3000, 10, 2000


def every_message(title: str = "Show the score") -> dict[str, Message]:
    """One of each event."""
    (rollback,) = rollbacks_in(settings(), [audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    return {
        "started": run_message("started", "production", a_run(display_title=title)),
        "waiting": run_message("waiting", "production", a_run(display_title=title)),
        "success": deployment_message(a_deployment(title=title), 1200),
        "failure": deployment_message(a_deployment("failure", title=title), None),
        "rollback": rollback_message(rollback, "ytgrs-464303"),
        **{f"test {number}": message for number, message in enumerate(messages_of_a_test(settings(), "o/r", NOW))},
        "report": report_message("Deployments, week", ["*production*", "• 3 deployments"], ("https://x", "Open")),
    }


@pytest.mark.parametrize("name", every_message())
def test_a_message_is_within_the_limits_of_block_kit(name: str) -> None:
    """Slack refuses the whole message otherwise. `text` is what notifications and screen readers take."""
    message = every_message("x" * 500)[name]
    assert message["text"]
    assert len(message["blocks"]) <= MAX_BLOCKS
    for block in message["blocks"]:
        assert block["type"] in ("section", "context")
        assert len(block.get("text", {}).get("text", "")) <= MAX_SECTION
        assert len(block.get("fields", [])) <= MAX_FIELDS
        assert all(0 < len(field["text"]) <= MAX_FIELD for field in block.get("fields", []))


@pytest.mark.parametrize("name", every_message())
def test_a_title_cannot_mention_the_channel_or_forge_a_link(name: str) -> None:
    """Whoever may push chooses the title of a commit."""
    text = json.dumps(every_message("<!channel> <https://evil.example|Review> & co")[name])
    assert "<!channel>" not in text
    assert "<https://evil.example" not in text


def test_text_of_others_is_one_short_line() -> None:
    """Escaped as Slack asks for it, cut where it is long."""
    assert escaped("a\n\n*b* <c> & d") == "a *b* &lt;c&gt; &amp; d"
    assert escaped("x" * 500) == "x" * 149 + "…"


def test_a_success_that_restored_says_after_how_long() -> None:
    """Twenty minutes after the failure."""
    fields = {field["text"] for field in every_message()["success"]["blocks"][1]["fields"]}
    assert {"*Restored after*\n20 min", "*Duration*\n7 min 30 s", "*Commit*\n6dcb09b"} <= fields
    assert not [field for field in every_message()["failure"]["blocks"][1]["fields"] if "Restored" in field["text"]]


def test_a_rollback_names_both_revisions_and_the_time_between() -> None:
    """What served, what serves now, and for how long it was bad."""
    fields = {field["text"] for field in every_message()["rollback"]["blocks"][1]["fields"]}
    assert {"*To*\nai-resume-review-v2-backend-prod-00041-abc", "*After*\n45 min"} <= fields


def test_a_rollback_of_which_less_is_known_says_less() -> None:
    """No empty fields."""
    entry = audit(45, "00041-abc")
    (rollback,) = rollbacks_in(settings(), [entry])
    names = [field["text"].partition("\n")[0] for field in rollback_message(rollback, "p")["blocks"][1]["fields"]]
    assert names == ["*Service*", "*By*", "*To*", "*From*"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0 s"), (59.4, "59 s"), (60, "1 min"), (552, "9 min 12 s"), (11_100, "3 h 5 min"), (187_200, "2 d 4 h")],
)
def test_durations_read_as_people_say_them(seconds: float, text: str) -> None:
    """Two units at most."""
    assert duration_text(seconds) == text


def test_a_long_report_is_cut_and_not_refused() -> None:
    """Slack takes 3000 characters in a section."""
    message = report_message("Deployments", ["x" * 100] * 100, ("https://x", "Open"))
    assert len(message["blocks"][1]["text"]["text"]) <= MAX_SECTION
