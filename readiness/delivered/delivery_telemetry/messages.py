"""The messages for Slack: Block Kit, in the same form for every event. Texts of others are escaped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from .deployments import Deployment
from .rollbacks import Rollback
from .settings import Settings

MAX_CHARACTERS = 150
TEST_MARK = "[test]"
_OUTCOMES = ("success", "failure")
_MADE_UP = "A made-up deployment"

Message = dict[str, Any]


def deployment_message(deployment: Deployment, restored_after: float | None) -> Message:
    """`success` or `failure`."""
    succeeded = deployment.outcome == "success"
    fields = {"Duration": duration_text(deployment.duration_seconds), "By": deployment.actor}
    if restored_after is not None:
        fields["Restored after"] = duration_text(restored_after)
    return _message(
        ":white_check_mark:" if succeeded else ":x:",
        f"{deployment.environment}: deployment {'succeeded' if succeeded else 'FAILED'}",
        {**fields, "Commit": deployment.commit[:7]},
        link=(deployment.url, "Open the run"),
        note=deployment.title,
    )


def run_message(event: str, environment: str, run: Mapping[str, Any]) -> Message:
    """`started` or `waiting`, of a run that GitHub describes."""
    sign, what, link = {
        "started": (":rocket:", "deployment started", "Open the run"),
        "waiting": (":hourglass_flowing_sand:", "deployment waits for an approval", "Review the deployment"),
    }[event]
    actor = (run.get("triggering_actor") or run["actor"])["login"]
    return _message(
        sign,
        f"{environment}: {what}",
        {"By": actor, "Commit": run["head_sha"][:7]},
        link=(run["html_url"], link),
        note=run.get("display_title") or "",
    )


def rollback_message(rollback: Rollback, project: str) -> Message:
    """`rollback`."""
    fields = {"Service": rollback.service, "By": rollback.actor, "To": rollback.to_revision}
    if rollback.from_revision:
        fields["From"] = rollback.from_revision
    if rollback.duration_seconds is not None:
        fields["After"] = duration_text(rollback.duration_seconds)
    console = f"https://console.cloud.google.com/run?project={project}"
    return _message(
        ":rewind:", f"{rollback.environment}: rolled back", fields, link=(console, "Open Cloud Run"), note=""
    )


def messages_of_a_test(settings: Settings, repository: str, now: datetime) -> list[Message]:
    """The messages of the test: every event of every environment, in the order of a deployment, each marked as a test.

    A failing health check comes last: Cloud Monitoring sends the real one through its own channel, and the message
    describes how to test that channel.
    """
    runs = f"https://github.com/{repository}/actions"
    run = {"actor": {"login": "nobody"}, "head_sha": "0" * 40, "html_url": runs, "display_title": _MADE_UP}
    found: list[Message] = []
    for environment in settings.environments:
        found += [run_message(event, environment.name, run) for event in ("started", "waiting")]
        found += [deployment_message(_made_up(environment.name, outcome, runs, now), None) for outcome in _OUTCOMES]
        rollback = Rollback(
            environment=environment.name,
            service=environment.services[0] if environment.services else "service",
            audit_id="",
            at=now,
            actor="nobody",
            to_revision="the revision before",
            from_revision="the newest revision",
            duration_seconds=None,
        )
        found.append(rollback_message(rollback, settings.project))
    console = f"https://console.cloud.google.com/monitoring/alerting?project={settings.project}"
    health = "The real one comes from Cloud Monitoring, over its own Slack channel; readiness drill STACK tests it."
    link = (console, "Open alerts")
    found.append(_message(":rotating_light:", "health check FAILED", {"By": "nobody"}, link=link, note=health))
    return [_as_test(message) for message in found]


def _made_up(environment: str, outcome: str, url: str, now: datetime) -> Deployment:
    return Deployment(
        environment=environment,
        run_id=0,
        attempt=1,
        outcome=outcome,
        trigger="other",
        actor="nobody",
        commit="0" * 40,
        title=_MADE_UP,
        url=url,
        finished_at=now,
        duration_seconds=0,
    )


def _as_test(message: Message) -> Message:
    """The message with a test mark in its headline, and a line that nothing happened."""
    headline, *others, context = message["blocks"]
    marked = headline["text"]["text"].replace("*", f"*{TEST_MARK} ", 1)
    note = {"type": "mrkdwn", "text": "This is a test: nothing happened."}
    return {
        "text": f"{TEST_MARK} {message['text']}",
        "blocks": [
            {**headline, "text": {**headline["text"], "text": marked}},
            *others,
            {**context, "elements": [*context["elements"], note]},
        ],
    }


def report_message(title: str, lines: list[str], link: tuple[str, str]) -> Message:
    """A report with one line for each environment and figure."""
    text = "\n".join(lines)
    blocks = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f":bar_chart: *{escaped(title)}*"}},
        {"type": "section", "text": {"type": "mrkdwn", "text": text[:2900]}},
        {"type": "context", "elements": [{"type": "mrkdwn", "text": f"<{link[0]}|{link[1]}>"}]},
    ]
    return {"text": escaped(title), "blocks": blocks}


def duration_text(seconds: float) -> str:
    """`9 min 12 s`, `3 h 5 min`, `2 d 4 h`."""
    whole = round(seconds)
    for size, name, smaller, smaller_name in ((86_400, "d", 3600, "h"), (3600, "h", 60, "min"), (60, "min", 1, "s")):
        if whole >= size:
            rest = whole % size // smaller
            return f"{whole // size} {name}" + (f" {rest} {smaller_name}" if rest else "")
    return f"{whole} s"


def escaped(text: str) -> str:
    """The text escaped for Slack, so that it cannot mention the channel or forge a link; one line, shortened."""
    line = " ".join(text.split())
    if len(line) > MAX_CHARACTERS:
        line = line[: MAX_CHARACTERS - 1] + "…"
    return line.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _message(sign: str, headline: str, fields: Mapping[str, str], *, link: tuple[str, str], note: str) -> Message:
    blocks: list[dict[str, Any]] = [
        {"type": "section", "text": {"type": "mrkdwn", "text": f"{sign} *{escaped(headline)}*"}},
        {
            "type": "section",
            "fields": [
                {"type": "mrkdwn", "text": f"*{name}*\n{escaped(value) or '-'}"} for name, value in fields.items()
            ],
        },
    ]
    context = [f"<{link[0]}|{link[1]}>", *([escaped(note)] if note else [])]
    blocks.append({"type": "context", "elements": [{"type": "mrkdwn", "text": text} for text in context]})
    # The text for notifications and screen readers.
    return {"text": escaped(headline), "blocks": blocks}
