"""docs/detection.md: how soon each alert pages, measured by promtool on the rules of the plan.

Every figure is the worst of four sample phases, counted from the first bad sample. `make docs` writes the page of the
stacks at the root, and `make golden` that of the fixture project, where rules or samples are others than those it was
measured on; `--check` only says so.
"""

from __future__ import annotations

import hashlib
import json
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerts.metric_catalogue import Metric, known_metrics
from readiness.alerts.promql import parse, selectors
from readiness.alerts.scenarios.promtool import Rule, first_page, run_promtool, write_test_file
from readiness.alerts.scenarios.series import Delivery, Series, promtool_values
from readiness.alerts.scenarios.stack import Stack
from readiness.plan.offline_plan import Plan, plan_stack
from readiness.rules.stack import check_stack, require_settings
from readiness.settings.model import Settings
from readiness.settings.stack_files import read_stack, stack_names
from tests.alerts.stacks import rules_in, stacks_of
from tests.projects import CUSTOMER_STACKS, ROOT, plan_of_stack, settings_of
from tools.detection_scenarios import BEFORE, COLUMNS, ROWS, Row
from tools.find_tool import find_promtool

# Quarters of a minute: on the grid of evaluations, and between.
PHASES = (0, 15, 30, 45)
PAGE = ROOT / "docs" / "detection.md"
GOLDEN_PAGE = ROOT / "tests" / "golden" / "detection.md"
_HEADER = """\
# How soon an alert pages

<!-- Made by `make TARGET` (tools/detection_table.py). Edit tools/detection_scenarios.py. -->
<!-- Measured on rules and samples with the digest DIGEST. -->

For DevOps and the on-call engineer: how many minutes pass before each alert pages.

Minutes from the first bad sample to the page, measured by promtool on the rules that are deployed; the worst of four
sample phases. Add the delay until Monitoring shows the sample (last column). "quiet": nobody is
notified; "-": the column does not apply to the alert. An hour of healthy samples comes first.

- Twice the threshold: a share is at twice its threshold, a count at twice its limit in one minute, two locations fail.
- Everything fails: every request of one a second, every instance at its limit, every location.
- One lone error: one of eight requests in an idle hour, one probe of each location, one line, one slow start.
- Visible after: the longest delay that Google states for the alert's metrics, with its source in
  `readiness/alerts/metric_catalogue.py`; "not stated" where no source names one for all of them.
- DatabaseConnectionErrors counts over a minute more than stated and scales back (5/6 in five minutes). That is exact
  where `increase` extrapolates, as in promtool. Where it does not, up to a fifth more errors than the limit do not
  page: 11 and 12 of a limit of 10 in five minutes.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Questions:
    """One alert of one stack: its rule, and promtool's tests for every column and phase.

    `delay`: how late the samples that it reads become visible, in words.
    """

    row: Row
    rule: Rule
    tests: str
    delay: str

    @property
    def text(self) -> str:
        """Everything that affects the answers: the rule without its labels, the tests, and the delay."""
        return f"{self.rule['expr']} for {self.rule['for']} {self.tests} {self.delay}"


def tables_text(promtool: Path, questions: Mapping[str, list[Questions]]) -> str:
    """Everything below the header: one table for all stacks whose rules page at the same times."""
    tables: dict[str, list[str]] = {}
    for stack, of_stack in questions.items():
        tables.setdefault(_table(promtool, of_stack), []).append(stack)
    return "".join(f"\n## {', '.join(names)}\n\n{table}" for table, names in tables.items())


def header_text(questions: Mapping[str, list[Questions]], target: str) -> str:
    """All above the tables, with the digest of the questions: an outdated page is recognized without promtool.

    `target` is the target of `make` that writes the page.
    """
    everything = json.dumps({stack: [question.text for question in found] for stack, found in questions.items()})
    digest = hashlib.sha256(everything.encode()).hexdigest()
    return _HEADER.replace("TARGET", target).replace("DIGEST", digest)


def questions_of(settings: Mapping[str, Settings], plans: Mapping[str, Plan]) -> dict[str, list[Questions]]:
    """The questions to promtool for every stack. Both mappings are by the stack's name, in the same order."""
    stacks = stacks_of(settings)
    rules = rules_in(plans)
    metrics = {name: known_metrics(plan.resources) for name, plan in plans.items()}
    return {
        stack.name: [
            Questions(row=row, rule=rule, tests=_tests(stack, row), delay=delay_text(rule["expr"], metrics[stack.name]))
            for row in ROWS
            if (rule := rules.get((stack.name, row.alert))) is not None
        ]
        for stack in stacks
    }


def delay_text(query: str, metrics: Mapping[str, Metric]) -> str:
    """`up to 120 s`: the longest delay of what a query reads, or that no source states one of them."""
    delays = [metrics[str(selector.name)].delay for selector in selectors(parse(query))]
    if None in delays:
        return "not stated"
    return f"up to {max(delay.seconds for delay in delays if delay is not None)} s"


def _table(promtool: Path, asked_of_stack: Sequence[Questions]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        files = [
            write_test_file(Path(folder), question.row.alert, question.rule, question.tests)
            for question in asked_of_stack
        ]
        answers = run_promtool(promtool, files)
    lines = [f"| Alert | {' | '.join(COLUMNS)} | visible after |", "|---|" + "---|" * (len(COLUMNS) + 1)]
    for question in asked_of_stack:
        cells = [_cell(question.row, column, answers) for column in range(len(COLUMNS))]
        lines.append(f"| {question.row.alert} | {' | '.join(cells)} | {question.delay} |")
    return "\n".join(lines) + "\n"


def _tests(stack: Stack, row: Row) -> str:
    """Tests that expect no alert, so that promtool prints the alerts that it got."""
    tests = [
        _test(row, column, Delivery(phase_seconds=phase), list(shown(stack)))
        for column, shown in enumerate(row.columns)
        if shown is not None
        for phase in PHASES
    ]
    return json.dumps(tests)


def _test(row: Row, column: int, delivery: Delivery, series: Iterable[Series]) -> dict[str, Any]:
    listed = list(series)
    end = delivery.time_of(max(len(series_.minutes) for series_ in listed) - 1)
    end -= end % EVALUATION_INTERVAL_SECONDS
    first = f"{first_page(row.alert, end)} - {delivery.time_of(BEFORE)}"
    return {
        "interval": f"{delivery.step_seconds}s",
        "input_series": [
            {"series": series_.selector, "values": promtool_values(series_, delivery) or "_"} for series_ in listed
        ],
        "promql_expr_test": [
            {"expr": f"{first} # {_id(row, column, delivery.phase_seconds)}", "eval_time": f"{end}s", "exp_samples": []}
        ],
    }


def _id(row: Row, column: int, phase: int) -> str:
    return f"{row.alert}/{column}/{phase}"


def _cell(row: Row, column: int, answers: Mapping[str, str]) -> str:
    if row.columns[column] is None:
        return "-"
    found = [answers.get(_id(row, column, phase)) for phase in PHASES]
    seconds = [_seconds(minutes) for minutes in found if minutes is not None]
    if not seconds:
        return "quiet"
    if len(seconds) < len(found):
        return "not at every phase"
    return f"{max(seconds) / 60:.1f} min"


def _seconds(answer: str) -> float:
    found = re.search(r"got: \{\} (\S+)$", answer)
    if found is None:
        raise ValueError(f"promtool answers {answer!r}")
    return float(found[1])


def main() -> int:
    """Writes an outdated page, or with `--check` reports it. `--golden`: the page of the fixture project."""
    is_golden = "--golden" in sys.argv
    page, target = (GOLDEN_PAGE, "golden") if is_golden else (PAGE, "docs")
    questions = _of_fixtures() if is_golden else _of_the_root()
    header = header_text(questions, target)
    if page.is_file() and page.read_text(encoding="utf-8").startswith(header):
        return 0
    name = page.relative_to(ROOT)
    if "--check" in sys.argv:
        print(f"{name} was measured on other rules. Run `make {target}`.", file=sys.stderr)
        return 1
    page.write_text(header + tables_text(find_promtool(), questions), encoding="utf-8")
    print(f"wrote {name}")
    return 0


def _of_the_root() -> dict[str, list[Questions]]:
    names = stack_names(ROOT)
    settings = {name: require_settings(check_stack(ROOT, name)) for name in names}
    return questions_of(settings, {name: plan_stack(ROOT, read_stack(ROOT, name)) for name in names})


def _of_fixtures() -> dict[str, list[Questions]]:
    settings = {name: settings_of(name) for name in CUSTOMER_STACKS}
    return questions_of(settings, {name: plan_of_stack(name) for name in CUSTOMER_STACKS})


if __name__ == "__main__":
    sys.exit(main())
