"""Samples in the documents: where they are put, and Slack's text as Markdown. `make check` compares them."""

from __future__ import annotations

import pytest

from tools.samples import SAMPLES, dashboard_sample, slack_sample, with_sample

PAGE = "before\n<!-- sample, made by `make docs` -->\nold\n<!-- end of the sample -->\nafter\n"


def test_a_sample_replaces_the_one_before() -> None:
    """Between its comments; written twice, it is the same."""
    once = with_sample(PAGE, "new \\1")
    assert once == PAGE.replace("old\n", "\nnew \\1\n\n")
    assert with_sample(once, "new \\1") == once


@pytest.mark.parametrize("page", ["no place", PAGE * 2])
def test_a_page_without_one_place_is_refused(page: str) -> None:
    """Otherwise nothing is written, or the same twice."""
    with pytest.raises(ValueError, match="places for a sample, not one"):
        with_sample(page, "new")


def test_slack_text_is_shown_as_markdown() -> None:
    """Bold, links and fields; GitHub knows the names of the emoji."""
    sample = slack_sample()
    assert "> :rocket: **production: deployment started**\n>\n> - **By**: ada-example\n" in sample
    assert "[Review the deployment](https://github.com/" in sample
    assert sample.count("\n\n") == 6, "seven messages"


def test_every_chart_of_six_weeks_is_in_the_table() -> None:
    """For both environments, with its target."""
    rows = dashboard_sample().split("\n")
    assert sum(row.startswith(("| Deployment", "| Success", "| Failed", "| Time", "| Change")) for row in rows) == 22
    assert "| Deployments a week | deployments | staging | 7 | 7 | 8 | 9 | 10 | 8 | 6 |" in rows
    assert sorted(SAMPLES) == ["docs/costs.md", "docs/deployment-metrics.md", "docs/plan.md", "docs/slack-messages.md"]
