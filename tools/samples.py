"""Writes the samples in the documents: some resources of a plan, six weeks on the dashboard, the Slack messages.

Usage: python -m tools.samples [--check]. Each sample is Markdown between two comments of its page, so that a change of
what is shown is a diff of words.
"""

from __future__ import annotations

import html
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence

from readiness.alerts.deployment_dashboard import dashboard
from readiness.alerts.watched_workflows import watched_deployments
from readiness.delivered.delivery_telemetry.messages import (
    Message,
    deployment_message,
    messages_of_a_test,
    report_message,
    rollback_message,
    run_message,
)
from readiness.delivered.delivery_telemetry.report import period_before, report_lines
from readiness.delivered.delivery_telemetry.rollbacks import rollbacks_in
from tests.alerts.deployment_dashboard.six_weeks import (
    ANSWERS,
    DAYS_SINCE_SUCCESS,
    DEPLOYMENTS,
    FAILURES,
    SUCCESS_RATIO_20,
    WEEKS,
    deployments,
    rollback,
)
from tests.delivered.delivery_telemetry.world import NOW, a_deployment, a_run, audit, environment, settings
from tests.projects import settings_of
from tools.committed import ROOT, write_or_check

SHOWN_RESOURCES = ("alerts-high-error-rate", "production-environment-guard")
# Which of the answers that were computed by hand a chart of the dashboard shows.
CHARTS = {
    "Deployments a week": "deployments",
    "Success rate, by week": "success_ratio",
    "Failed deployments a week": "failures",
    "Deployment duration, average by week": "average_duration",
    "Deployment duration, 95th percentile over seven days": "p95_duration",
    "Time to rollback, average by week": "time_to_rollback",
    "Time to restore (MTTR), average by week": "time_to_restore",
    "Time to restore of incidents, average by week": "incidents",
    "Change lead time, average by week": "lead_time",
    "Change fail percentage, by week": "change_fail_ratio",
    "Deployment rework rate, by week": "rework_ratio",
}
_COLUMNS = 118
_BLOCK = re.compile(r"(<!-- sample, made by `make docs` -->\n).*?(<!-- end of the sample -->)", re.DOTALL)


def plan_sample() -> str:
    """The summary of `readiness plan prod` and two of its resources, long lines cut."""
    command = [sys.executable, "-m", "readiness", "plan", "prod"]
    plan = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    head, summary, *blocks = plan.split("\n\n")
    shown = [block for block in blocks if set(block.split("\n")[0].split()) & set(SHOWN_RESOURCES)]
    text = "\n\n".join(["$ readiness plan prod", head, summary, *shown, f"... {plan.count(chr(10))} lines in all"])
    lines = [line if len(line) <= _COLUMNS else f"{line[: _COLUMNS - 1]}…" for line in text.split("\n")]
    return "\n".join(["```text", *lines, "```"])


def cost_sample() -> str:
    """The costs of each stack: the line at the head of its plan, and the lines at the end.

    Without the note that the prices are old, which comes on a certain day.
    """
    blocks: list[str] = []
    for stack in ("prod", "staging"):
        command = [sys.executable, "-m", "readiness", "plan", stack]
        plan = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        # The summary is wrapped, with what continues a line indented.
        head = next(line for line in plan.replace("\n    ", " ").split("\n") if line.startswith("Cost: "))
        lines = [line.strip() for line in plan.partition("\nCost of a month\n")[2].split("\n") if line.strip()]
        shown = [line for line in lines if not line.startswith("The prices are of ")]
        blocks.append("\n".join([f"- **{stack}**: {head.removesuffix('.')}", *(f"  - {line}" for line in shown)]))
    return "\n".join(blocks)


def dashboard_sample() -> str:
    """The scorecards and charts of the declared dashboard, with the numbers that the tests compare its queries with."""
    cards: dict[str, Mapping[str, float | None]] = {
        "successful": DEPLOYMENTS,
        "failed": FAILURES,
        "success rate of the last 20 deployments": SUCCESS_RATIO_20,
        "days since the last success": DAYS_SINCE_SUCCESS,
    }
    of_cards = [[name, *(_number(values[name]) for values in cards.values())] for name in ANSWERS]
    weeks = [f"week {week + 1}" for week in range(WEEKS)]
    return "\n".join(
        [
            *_table(["scorecards", *cards], of_cards),
            "",
            *_table(["chart", "unit", "environment", "target", *weeks], list(_chart_rows())),
        ]
    )


def _chart_rows() -> Iterator[list[str]]:
    telemetry = watched_deployments(settings_of("prod"))
    assert telemetry is not None
    for tile in dashboard(settings_of("prod"), telemetry)["mosaicLayout"]["tiles"]:
        title, chart = tile["widget"]["title"], tile["widget"].get("xyChart")
        if title not in CHARTS:
            continue
        targets = {line["label"]: f"{float(line['value']):g}" for line in chart.get("thresholds", [])}
        for name, answers in ANSWERS.items():
            target = targets.get(f"target {name}", targets.get("target", ""))
            values = [_number(value) for value in getattr(answers, CHARTS[title])]
            yield [title, chart["yAxis"]["label"], name, target, *values]


def _number(value: float | None) -> str:
    return "no data" if value is None else f"{value:.0f}" if value >= 1000 else f"{value:.4g}"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    for cells in (head, ["---"] * len(head), *rows):
        yield f"| {' | '.join(cells)} |"


def slack_sample() -> str:
    """One of each message of deployment telemetry, in the order of a deployment's life."""
    return "\n\n".join("\n".join(_quoted(message)) for message in _messages())


def _messages() -> list[Message]:
    title = "Show the score of each section"
    (rolled_back,) = rollbacks_in(settings(), [audit(0, None, served="00041-abc"), audit(45, "00041-abc")])
    week = period_before("week", NOW)
    lines = report_lines(settings(), environment(), week, deployments("production"), [rollback()], [], [18_000.0])
    run = a_run(display_title=title)
    return [
        run_message("waiting", "production", run),
        run_message("started", "production", run),
        deployment_message(a_deployment(title=title, trigger="workflow_dispatch"), 1200),
        deployment_message(a_deployment("failure", title=title), None),
        rollback_message(rolled_back, "ytgrs-464303"),
        report_message(week.title, lines, ("https://console.cloud.google.com/monitoring/dashboards", "Dashboards")),
        messages_of_a_test(settings(), "stellar-aiz/ai-resume-review-v2", NOW)[0],
    ]


def _quoted(message: Message) -> Iterator[str]:
    """The blocks of a message as a Markdown quotation; fields of two columns are a list."""
    for number, block in enumerate(message["blocks"]):
        if number:
            yield ">"
        if "fields" in block:
            yield from (f"> - {_markdown(': '.join(field['text'].split(chr(10), 1)))}" for field in block["fields"])
        elif block["type"] == "section":
            lines = [_markdown(line) for line in block["text"]["text"].splitlines()]
            yield from (f"> {line}{'<br>' if line != lines[-1] else ''}" for line in lines)
        else:
            yield f"> {' · '.join(_markdown(element['text']) for element in block['elements'])}"


def _markdown(mrkdwn: str) -> str:
    """Slack's text as Markdown, as far as the messages use it: bold, links, and emoji, whose names GitHub knows."""
    text = re.sub(r"\*([^*]+)\*", r"**\1**", mrkdwn)
    return html.unescape(re.sub(r"<([^|>]+)\|([^>]+)>", r"[\2](\1)", text))


SAMPLES: dict[str, Callable[[], str]] = {
    "docs/plan.md": plan_sample,
    "docs/costs.md": cost_sample,
    "docs/deployment-metrics.md": dashboard_sample,
    "docs/slack-messages.md": slack_sample,
}


def with_sample(page: str, sample: str) -> str:
    """The page with the sample between its two comments. Raises ValueError for a page without them."""
    found, count = _BLOCK.subn(lambda block: f"{block[1]}\n{sample}\n\n{block[2]}", page)
    if count != 1:
        raise ValueError(f"the page has {count} places for a sample, not one")
    return found


def main() -> int:
    """Writes every sample, or names each page whose sample is out of date."""
    wrong = 0
    for name, sample in SAMPLES.items():
        file = ROOT / name
        text = with_sample(file.read_text(encoding="utf-8"), sample())
        wrong |= write_or_check(file, text, "does not show what is declared")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
