"""Draws docs/images/slack-messages.svg: every message of deployment telemetry, about as Slack shows it.

Usage: python -m tools.slack_picture [--check]. Drawn from the messages that the delivered program makes of the recorded
payloads of its tests, so that a change of a message shows as a diff of the picture.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator

from readiness.managed_files.delivery_telemetry.messages import (
    Message,
    deployment_message,
    live_test_message,
    report_message,
    rollback_message,
    run_message,
)
from readiness.managed_files.delivery_telemetry.report import period_before, report_lines
from readiness.managed_files.delivery_telemetry.rollbacks import rollbacks_in
from tests.delivery.six_weeks import deployments, rollback
from tests.delivery_telemetry.world import NOW, a_deployment, a_run, audit, environment, settings
from tools.committed import ROOT, write_or_check

PICTURE = ROOT / "docs" / "images" / "slack-messages.svg"

WIDTH, INDENT, LINE, SECOND_COLUMN = 760, 64, 18, 300
# Slack's emoji as signs that every font has, each with a colour.
SIGNS = {
    ":hourglass_flowing_sand:": ("…", "#b7791f"),
    ":rocket:": ("▶", "#2b6cb0"),
    ":white_check_mark:": ("✔", "#2f855a"),
    ":x:": ("✖", "#c53030"),
    ":rewind:": ("◀", "#b7791f"),
    ":wave:": ("●", "#2b6cb0"),
    ":bar_chart:": ("■", "#2b6cb0"),
    ":warning:": ("▲", "#b7791f"),
}


def messages() -> list[Message]:
    """One of each, in the order of a deployment's life."""
    title = "Show the score of each section"
    (rolled_back,) = rollbacks_in(settings(), [audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    week = period_before("week", NOW)
    lines = report_lines(settings(), environment(), week, deployments("production"), [rollback()])
    run = a_run(display_title=title)
    return [
        run_message("waiting", "production", run),
        run_message("started", "production", run),
        deployment_message(a_deployment(title=title, trigger="workflow_dispatch"), 1200),
        deployment_message(a_deployment("failure", title=title), None),
        rollback_message(rolled_back, "ytgrs-464303"),
        report_message(week.title, lines, ("https://console.cloud.google.com/monitoring/dashboards", "Dashboards")),
        live_test_message("stellar-aiz/ai-resume-review-v2"),
    ]


def picture() -> str:
    """The SVG."""
    rows: list[str] = []
    y = 16
    for message in messages():
        drawn, y = _drawn(message, y)
        rows += drawn
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" viewBox="0 0 {WIDTH} {y}"'
            ' font-family="Lato, Helvetica, Arial, sans-serif" font-size="14" fill="#1d1c1d">',
            "<title>The messages of deployment telemetry</title>",
            f'<rect width="{WIDTH}" height="{y}" fill="#ffffff" stroke="#dddddd"/>',
            *rows,
            "</svg>\n",
        ]
    )


def _drawn(message: Message, y: int) -> tuple[list[str], int]:
    rows = [
        f'<rect x="16" y="{y}" width="36" height="36" rx="6" fill="#4a154b"/>',
        f'<text x="34" y="{y + 24}" text-anchor="middle" fill="#fff" font-weight="bold">D</text>',
        f'<text x="{INDENT}" y="{y + 12}"><tspan font-weight="bold">Deployments</tspan>'
        '<tspan dx="8" font-size="10" fill="#616061">APP</tspan></text>',
    ]
    y += 12 + LINE
    for block in message["blocks"]:
        if "fields" in block:
            for number, field in enumerate(block["fields"]):
                x = INDENT if number % 2 == 0 else INDENT + SECOND_COLUMN
                name, value = field["text"].split("\n", 1)
                rows += [_text(name, x, y), _text(value, x, y + LINE)]
                y += 2 * LINE + 4 if number % 2 or number == len(block["fields"]) - 1 else 0
        elif block["type"] == "section":
            for line in block["text"]["text"].splitlines():
                rows.append(_text(line, INDENT, y))
                y += LINE
        else:
            line = "   ".join(each["text"] for each in block["elements"])
            rows.append(_text(line, INDENT, y, size=12, colour="#616061"))
            y += LINE
    return rows, y + 14


def _text(mrkdwn: str, x: int, y: int, *, size: int = 14, colour: str = "#1d1c1d") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}">{"".join(_spans(mrkdwn))}</text>'


def _spans(mrkdwn: str) -> Iterator[str]:
    """Bold, links and emoji, as far as our messages use them."""
    for part in re.split(r"(\*[^*]+\*|<[^|>]+\|[^>]+>|:[a-z_]+:)", mrkdwn):
        # Slack shows what was escaped as it was meant.
        plain = html.escape(html.unescape(part))
        if part in SIGNS:
            sign, colour = SIGNS[part]
            yield f'<tspan fill="{colour}" font-weight="bold">{sign}</tspan>'
        elif part.startswith("<"):
            yield f'<tspan fill="#1264a3">{html.escape(part.strip("<>").partition("|")[2])}</tspan>'
        elif part.startswith("*"):
            yield f'<tspan font-weight="bold">{plain.strip("*")}</tspan>'
        elif part:
            yield f'<tspan xml:space="preserve">{plain}</tspan>'


def main() -> int:
    """Writes the picture, or says that it is not the messages' any more."""
    return write_or_check(PICTURE, picture(), "does not show the messages as they are")


if __name__ == "__main__":
    sys.exit(main())
