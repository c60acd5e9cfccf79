"""Lines of Cloud Run that must and must not count as a dead container, run against the declared filter."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import re2

from readiness.alerts import first_queries
from readiness.alerts.container_exits import EVIDENCE_PATTERN, container_exit_metric
from tests.alerts.log_filter import parse_filter
from tests.projects import settings_of

COUNTED = (
    "Container called exit(1).",
    "Container called exit(137).",
    "Container terminated on signal 9.",
    "Uncaught signal: 11, pid=1, tid=1, fault_addr=0.",
    "Memory limit of 512 MiB exceeded with 530 MiB used. Consider increasing the memory limit.",
    'Default STARTUP TCP probe failed 1 time consecutively for container "web-1" on port 8080.',
    'STARTUP HTTP probe failed 3 times consecutively for container "web-1" on port 8080 path "/health".',
    "The request failed because the instance could not start successfully.",
    "The request failed because the instance failed the readiness check.",
    'LIVENESS HTTP probe failed 3 times consecutively for container "web-1" on port 8080 path "/health".',
)
NOT_COUNTED = (
    "Container called exit(0).",
    "Starting new instance. Reason: AUTOSCALING - Instance started due to configured scaling factors.",
    'Default STARTUP TCP probe succeeded after 1 attempt for container "web-1" on port 8080.',
    "Shutting down user disabled instance",
)


def _entry(
    text: str, *, service: str, log: str = "varlog%2Fsystem", type_: str = "cloud_run_revision"
) -> dict[str, Any]:
    return {
        "resource": {"type": type_, "labels": {"service_name": service}},
        "logName": f"projects/p/logs/run.googleapis.com%2F{log}",
        "textPayload": text,
    }


def _counts(entry: dict[str, Any]) -> bool:
    return parse_filter(container_exit_metric(settings_of("prod")).filter).matches(entry)


@pytest.mark.parametrize("text", COUNTED)
@pytest.mark.parametrize("role", ["backend", "frontend"])
def test_a_dead_container_of_either_service_counts(text: str, role: str) -> None:
    """As Cloud Run writes it into its own log."""
    assert _counts(_entry(text, service=f"ai-resume-review-v2-{role}-prod"))


def test_the_runbook_shows_the_lines_that_count_and_no_others() -> None:
    """The query of the runbook shows the counted lines of both logs."""
    shown = parse_filter(first_queries.dead_containers(settings_of("prod")))
    for log in ("varlog%2Fsystem", "requests"):
        entries = [_entry(text, service="ai-resume-review-v2-backend-prod", log=log) for text in COUNTED + NOT_COUNTED]
        assert [shown.matches(entry) for entry in entries] == [_counts(entry) for entry in entries]
    assert not shown.matches(_entry(COUNTED[0], service="ai-resume-review-v2-backend-staging"))
    assert "\n" not in first_queries.dead_containers(settings_of("prod"))


@pytest.mark.parametrize("text", NOT_COUNTED)
def test_a_normal_end_and_a_start_do_not_count(text: str) -> None:
    """Every deployment writes these."""
    assert not _counts(_entry(text, service="ai-resume-review-v2-backend-prod"))


def test_lines_of_other_services_and_of_the_application_do_not_count() -> None:
    """The other environment, a name that contains ours, a job, and an application that prints the same words."""
    text, ours = COUNTED[0], "ai-resume-review-v2-backend-prod"
    assert not _counts(_entry(text, service="ai-resume-review-v2-backend-staging"))
    assert not _counts(_entry(text, service=f"{ours}-2"))
    assert not _counts(_entry(text, service=ours, type_="cloud_run_job"))
    assert not _counts(_entry(text, service=ours, log="stderr"))


BROKEN_OFF = (
    "The request failed because either the HTTP response was malformed or connection to the instance had an error."
)
# What Cloud Run writes of one death, in the order in which it does: the log, the text, the severity. Each is the record
# of a public incident (docs/log-patterns.md#dead-containers).
DEATHS = {
    "an exit at the start": (
        ("varlog%2Fsystem", "Container called exit(1)."),
        (
            "varlog%2Fsystem",
            'Default STARTUP TCP probe failed 1 time consecutively for container "web-1" on port 8080.',
        ),
    ),
    "too much memory": (
        ("varlog%2Fsystem", "Memory limit of 2048 MiB exceeded with 2101 MiB used. Consider increasing the limit."),
        ("varlog%2Fsystem", "Container terminated on signal 9."),
        (
            "requests",
            "While handling this request, the container instance was found to be using too much memory and was "
            "terminated.",
        ),
    ),
    "an abort": (
        ("varlog%2Fsystem", "Uncaught signal: 6, pid=1, tid=1, fault_addr=0."),
        ("varlog%2Fsystem", "Container terminated on signal 6."),
        ("requests", BROKEN_OFF),
    ),
    "a program that is not there": (
        ("varlog%2Fsystem", "Application exec likely failed"),
        ("varlog%2Fsystem", "terminated: Application failed to start: failed to resolve binary path"),
        (
            "varlog%2Fsystem",
            'Default STARTUP TCP probe failed 1 time consecutively for container "web-1" on port 8080.',
        ),
    ),
    "a start that never ends": (
        (
            "varlog%2Fsystem",
            'STARTUP HTTP probe failed 3 times consecutively for container "web-1" on port 8080 path "/".',
        ),
        ("requests", "The request failed because the instance failed the readiness check."),
    ),
    "a secret that may not be read": (
        ("requests", "The request failed because the instance could not start successfully."),
    ),
}


def _evidence(text: str) -> str:
    """The label that Cloud Logging takes from a text."""
    found = re2.search(EVIDENCE_PATTERN, text)
    assert found is not None, text
    return str(found.group())


@pytest.mark.parametrize("name", DEATHS)
def test_one_death_counts_once_whatever_lines_it_writes(name: str) -> None:
    """Each line is counted by its evidence, and the alert takes the largest of these counts."""
    entries = [_entry(text, service="ai-resume-review-v2-backend-prod", log=log) for log, text in DEATHS[name]]
    counted = Counter(_evidence(entry["textPayload"]) for entry in entries if _counts(entry))
    assert set(counted.values()) == {1}


def test_the_first_word_of_a_line_is_its_evidence() -> None:
    """A container's end is one kind, with exit or by a signal. Every other text is a separate kind."""
    assert {_evidence(text) for text in COUNTED} == {"Container", "Uncaught", "Memory", "probe", "instance"}


def test_a_request_that_reached_a_container_is_not_a_dead_container() -> None:
    """It is in the request count as a 5xx, and the container's end is in the system log."""
    assert not _counts(_entry(BROKEN_OFF, service="ai-resume-review-v2-backend-prod", log="requests"))
