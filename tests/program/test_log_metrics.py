"""The log-based metrics of a stack, read from its plan."""

from __future__ import annotations

import re

import pytest

from readiness.alerting.catalogue import log_metrics_of
from readiness.review.offline_plan import Plan
from tests.program.variations import METRIC, condition_of, policies_of
from tests.projects import STACKS, settings_of


@pytest.mark.parametrize("stack", STACKS)
def test_there_is_one_counter_for_each_kind_of_line(plans: dict[str, Plan], stack: str) -> None:
    """With the very filter that the tests of the texts run."""
    declared = {metric["name"]: metric["inputs"] for metric in plans[stack].of_type(METRIC)}
    for expected in log_metrics_of(settings_of(stack)):
        assert declared[f"log-metrics-{expected.slug}"] == {
            "project": settings_of(stack).project,
            "name": expected.name,
            "description": expected.description,
            "filter": expected.filter,
            "metricDescriptor": {"metricKind": "DELTA", "valueType": "INT64", "unit": "1"},
        }
    own = [name for name in declared if name.startswith("log-metrics-")]
    assert len(own) == len(log_metrics_of(settings_of(stack))) > 3


def test_metrics_of_the_two_stacks_have_different_names(plans: dict[str, Plan]) -> None:
    """Both stacks live in one project, where a metric's name exists once."""
    names = [metric["inputs"]["name"] for stack in ("prod", "staging") for metric in plans[stack].of_type(METRIC)]
    assert len(set(names)) == len(names) > 6


@pytest.mark.parametrize("stack", STACKS)
def test_the_policy_reads_the_metrics_that_are_declared(plans: dict[str, Plan], stack: str) -> None:
    """A metric that is misspelt in a query has no data, and its alert never fires."""
    declared = {f"user_{metric['inputs']['name']}" for metric in plans[stack].of_type(METRIC)}
    query = condition_of(policies_of(plans[stack])["DatabaseConnectionErrors"])["query"]
    read = set(re.findall(r"logging_googleapis_com:(\w+)", query))
    assert len(read) == 3
    assert read <= declared
