"""Runs scenarios in promtool, on the rules of the plan, with many scenarios in one process.

Each scenario becomes queries on the `ALERTS` series that promtool's own rule evaluations write. Each query contains the
scenario's name as a PromQL comment, because promtool 2.42 prints only the query when it reports a failure.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from readiness.alerts.definition import EVALUATION_INTERVAL_SECONDS
from readiness.alerts.scenarios.incident import Fires, Incident
from readiness.alerts.scenarios.series import Delivery, promtool_values

# promtool makes a small database for each case, and Go's collector would run for each: a quarter of the CPU time. Each
# core has a promtool of its own, so more threads only wait for one another: another tenth.
_LESS_WORK = {"GOGC": "400", "GOMEMLIMIT": "256MiB", "GOMAXPROCS": "1"}
_FAILED = re.compile(r'^ +expr: ".*# (?P<id>[^"]+)", time: (?P<time>[^,]+), *\n(?P<rest>(?: {8}.*\n?)*)', re.MULTILINE)
# Written once for each test file, to standard output or standard error: cmd/promtool/unittest.go of Prometheus.
_VERDICT = re.compile(r"^ +(?:SUCCESS|FAILED:)$", re.MULTILINE)

Rule = dict[str, Any]
# An expression, the time of its evaluation in seconds, and the samples that it must return.
Question = tuple[str, int, list[dict[str, Any]]]


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """A scenario on one stack with one delivery of its samples. `id` contains no quotation mark."""

    id: str
    alert: str
    stack: str
    incident: Incident
    delivery: Delivery


class PromtoolError(Exception):
    """promtool did not run the cases."""


def run_cases(
    promtool: Path,
    folder: Path,
    cases: Sequence[Case],
    rules: Mapping[tuple[str, str], Rule],
    *,
    deadline_seconds: float | None = None,
) -> dict[str, str]:
    """The failure of each failed case, by its id. `rules`: by stack and alert. Files are written into `folder`.

    Raises PromtoolError when promtool fails otherwise than by a case, or takes longer than the deadline.
    """
    return run_files(promtool, list(write_cases(folder, cases, rules)), deadline_seconds=deadline_seconds)


def write_cases(folder: Path, cases: Sequence[Case], rules: Mapping[tuple[str, str], Rule]) -> dict[Path, set[str]]:
    """Writes a test file for each rule, and returns the ids of its cases."""
    ids: dict[Path, set[str]] = {}
    for (stack, alert), rule in rules.items():
        own = [case for case in cases if (case.stack, case.alert) == (stack, alert)]
        file = write_test_file(folder, f"{stack}-{alert}", rule, promtool_tests(own, rule))
        ids[file] = {case.id for case in own}
    return ids


def run_files(promtool: Path, files: Sequence[Path], *, deadline_seconds: float | None = None) -> dict[str, str]:
    """The failure of each failed case of the test files, by its id. Raises PromtoolError."""
    batches = [files[start :: processors()] for start in range(min(processors(), len(files)))]
    with ThreadPoolExecutor(processors()) as pool:
        results = pool.map(partial(run_promtool, promtool, deadline_seconds=deadline_seconds), batches)
        return {id_: why for result in results for id_, why in result.items()}


def promtool_tests(cases: Iterable[Case], rule: Rule) -> str:
    """The cases as the `tests` of a promtool test file. Only the labels of the rule are read."""
    return json.dumps([_test(case, rule) for case in cases])


def write_test_file(folder: Path, name: str, rule: Rule, tests: str) -> Path:
    """Writes a rule file with one unchanged rule of the plan, and a test file for it. Returns the test file."""
    return write_rules_test_file(folder, name, [rule], tests)


def write_rules_test_file(folder: Path, name: str, rules: Sequence[Rule], tests: str) -> Path:
    """Writes a rule file with unchanged rules of the plan, and a test file for them. Returns the test file."""
    interval = f"{EVALUATION_INTERVAL_SECONDS}s"
    rule_file = folder / f"{name}.rules.json"
    groups = [{"name": "one", "interval": interval, "rules": list(rules)}]
    rule_file.write_text(json.dumps({"groups": groups}), encoding="utf-8")
    file = folder / f"{name}.test.json"
    head = json.dumps({"rule_files": [rule_file.name], "evaluation_interval": interval})
    file.write_text(f'{head.removesuffix("}")}, "tests": {tests}}}', encoding="utf-8")
    return file


def run_promtool(promtool: Path, files: Sequence[Path], *, deadline_seconds: float | None = None) -> dict[str, str]:
    """Runs test files in one process. Returns the failure of each failed case, by its id.

    Raises PromtoolError if promtool fails for another reason than a case, or does not report the result of each file.
    """
    command = [str(promtool), "test", "rules", *(str(file) for file in files)]
    environment = {**os.environ, **_LESS_WORK}
    try:
        done = subprocess.run(  # noqa: S603 - the promtool of the caller
            command,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            env=environment,
            timeout=deadline_seconds,
        )
    except subprocess.TimeoutExpired:
        raise PromtoolError(f"{promtool} did not end within {deadline_seconds:g} s") from None
    except OSError as error:
        raise PromtoolError(f"{promtool} does not run: {error.strerror}") from None
    failures: dict[str, str] = {}
    for found in _FAILED.finditer(done.stderr):
        detail = " ".join(found["rest"].split())
        failures[found["id"]] = f"{failures.get(found['id'], '')}\nat {found['time']}: {detail}".strip()
    if done.returncode != 0 and not failures:
        output = f"{done.stdout}{done.stderr}"[-4000:].strip()
        raise PromtoolError(output or f"{promtool} said nothing and ended with status {done.returncode}")
    # An exit status of 0 alone proves nothing.
    answered = len(_VERDICT.findall(done.stdout)) + len(_VERDICT.findall(done.stderr))
    if answered != len(files):
        raise PromtoolError(
            f"{promtool} gave a result for {answered} of {len(files)} test files. Check that it is the promtool of a "
            "Prometheus release"
        )
    return failures


def first_page_tests(cases: Iterable[Case]) -> str:
    """Tests that expect nothing, so that promtool prints when each case first notifies: `got: {} SECONDS`."""
    tests = []
    for case in cases:
        test = _input(case)
        question = f"{first_page(case.alert, _end(case))} # {case.id}"
        tests.append(
            test | {"promql_expr_test": [{"expr": question, "eval_time": f"{_end(case)}s", "exp_samples": []}]}
        )
    return json.dumps(tests)


def first_page(alert: str, end: int) -> str:
    """A query for the second at which the alert first fires, evaluated at `end`."""
    firing = f'timestamp(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    return f"min(min_over_time({firing}[{end + 1}s:{EVALUATION_INTERVAL_SECONDS}s]))"


def page_minutes(case: Case, expect: Fires) -> tuple[float, float]:
    """The minutes of the incident between which the alert must first fire."""
    first_bad = case.delivery.time_of(case.delivery.first_delivered(expect.first_bad_minute))
    return (first_bad + expect.not_before_seconds) / 60, (first_bad + expect.within_seconds) / 60


def expected_page(case: Case) -> str:
    """The expectation as text: `it must page between minute 11 and 13`."""
    expect = case.incident.expect
    if not isinstance(expect, Fires):
        return "nobody may be notified"
    early, late = page_minutes(case, expect)
    text = f"it must page between minute {early:.1f} and {late:.1f}"
    if expect.until_seconds is not None:
        text += f", and be over after minute {late + (expect.until_seconds - expect.within_seconds) / 60:.1f}"
    return text


def processors() -> int:
    """How many processes run at once."""
    return os.cpu_count() or 1


def _end(case: Case) -> int:
    """The last evaluation of the incident, in seconds."""
    minutes = max(len(series.minutes) for series in case.incident.series)
    return _evaluation_until(case.delivery.time_of(minutes - 1))


def _input(case: Case) -> dict[str, Any]:
    return {
        "interval": f"{case.delivery.step_seconds}s",
        "input_series": [
            {"series": series.selector, "values": promtool_values(series, case.delivery)}
            for series in case.incident.series
        ],
    }


def _test(case: Case, rule: Rule) -> dict[str, Any]:
    incident = case.incident
    end = _end(case)
    firing = f'ALERTS{{alertname="{case.alert}",alertstate="firing"}}'
    questions: list[Question] = [(f"count_over_time({firing}[{end + 1}s])", end, [])]
    if isinstance(incident.expect, Fires):
        questions = _fires_questions(incident.expect, case.delivery, firing, end, rule)
    return {
        **_input(case),
        "promql_expr_test": [
            {"expr": f"{question} # {case.id}", "eval_time": f"{time}s", "exp_samples": samples}
            for question, time, samples in questions
        ],
    }


def _fires_questions(expect: Fires, delivery: Delivery, firing: str, end: int, rule: Rule) -> list[Question]:
    first_bad = delivery.time_of(delivery.first_delivered(expect.first_bad_minute))
    too_early = _evaluation_until(first_bad + expect.not_before_seconds - 1)
    deadline = _evaluation_until(first_bad + expect.within_seconds)
    over: list[Question] = []
    if expect.until_seconds is not None:
        last = _evaluation_until(first_bad + expect.until_seconds)
        over = [(f"count_over_time({firing}[{end - last - EVALUATION_INTERVAL_SECONDS}s])", end, [])]
        end = last
    if expect.lasts:
        seconds, value = end - deadline + 1, (end - deadline) // EVALUATION_INTERVAL_SECONDS + 1
        open_ = (f"count_over_time({firing}[{seconds}s])", end)
    else:
        value = 1
        open_ = (f"clamp_max(count_over_time({firing}[{deadline - too_early}s]), 1)", deadline)
    samples = [{"labels": _labels(firing, rule, labels), "value": value} for labels in expect.labels]
    return [(f"count_over_time({firing}[{too_early + 1}s])", too_early, []), (*open_, samples), *over]


def _labels(firing: str, rule: Rule, labels: Mapping[str, str]) -> str:
    own = [f'{name}="{value}"' for name, value in {**rule["labels"], **labels}.items()]
    return firing.removeprefix("ALERTS").removesuffix("}") + "," + ",".join(own) + "}"


def _evaluation_until(seconds: int) -> int:
    """The last evaluation that is not later."""
    return seconds // EVALUATION_INTERVAL_SECONDS * EVALUATION_INTERVAL_SECONDS
