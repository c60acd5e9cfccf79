"""Drift is what the engine, GitHub and Google say; a check that could not be made is no clean stack."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from readiness import resource_types as types
from readiness.live.drift import Drift, drift_json, drift_markdown, find_drift, part_of
from readiness.live.engine_preview import Change, Difference, Preview
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.google_api import ENDPOINTS, Google
from readiness.live.google_login import LoginError
from tests.live.loopback import Reply, Request, serving
from tests.projects import plan_of_stack, settings_of

POLICY = Difference(
    type=types.ALERT_POLICY, resource="alerts-a", change=Change.CHANGED, field="query", declared="up", live="vector(0)"
)
GRANT = Difference(type=types.PROJECT_MEMBER, resource="a-grant", change=Change.MISSING, declared="roles/viewer")


OTHER_POLICY = replace(POLICY, resource="alerts-b")


@pytest.fixture(autouse=True)
def engine(monkeypatch: pytest.MonkeyPatch) -> list[Difference]:
    """What the engine finds: two policies changed, and a grant after them."""
    differences = [OTHER_POLICY, POLICY, GRANT]

    def found(root: Path, stack: str) -> Preview:
        del root, stack
        return Preview(differences=tuple(differences), state=())

    monkeypatch.setattr("readiness.live.drift.refreshed_preview", found)
    return differences


def answer(asked: Request) -> Reply:
    """A GitHub without the environment, and a Google without a thing."""
    return Reply(404, {"message": "Not Found"}) if "environments" in asked.path else Reply(200, {"name": "r"})


def not_logged_in() -> Google:
    """Credentials that do not work."""
    raise LoginError("no credentials")


def find(stack: str) -> Drift:
    """The drift of a stack."""
    with serving(answer) as server:
        google = Google(project="p", token="t", endpoints=dict.fromkeys(ENDPOINTS, f"{server.url}/"))  # noqa: S106
        github = GitHub(owner="o", repository="r", api_url=server.url)
        resources = plan_of_stack(stack).resources
        return find_drift(Path(), stack, settings_of(stack), github, google=lambda: google, resources=resources)


def test_what_is_most_dangerous_comes_first() -> None:
    """A grant before the gate, the gate before a policy."""
    assert [part_of(difference.type) for difference in find("prod").differences] == [
        "Grants and audit logs",
        "The GitHub environment and ruleset",
        "Alert policies",
        "Alert policies",
    ]


def test_the_order_is_the_same_whatever_order_the_engine_has(engine: list[Difference]) -> None:
    """An issue of which nothing has changed is not written again."""
    forwards = find("staging")
    engine.reverse()
    assert find("staging") == forwards


def test_an_open_gate_is_drift_whatever_the_engine_says() -> None:
    """The engine sees nothing of it."""
    (gate,) = [difference for difference in find("prod").differences if difference.type == types.ENVIRONMENT]
    assert (gate.resource, gate.field, gate.declared, gate.live) == (
        "production",
        "environment",
        "exists",
        "is missing",
    )
    assert gate.hint == "WEAKER than declared"


def test_google_without_a_login_is_not_checked() -> None:
    """The rest is still reported."""

    found = find_drift(
        Path(), "staging", settings_of("staging"), GitHub(owner="o", repository="r"), google=not_logged_in, resources=()
    )
    assert found.differences == (GRANT, POLICY, OTHER_POLICY)
    assert found.not_checked == ("live resources that are not declared: no credentials",)


def test_a_repository_that_the_token_does_not_see_is_not_taken_for_an_open_gate() -> None:
    """GitHub says 404 of everything in it: nothing is known, and no issue may cry wolf."""
    with serving(lambda _: Reply(404, {"message": "Not Found"})) as server:
        github = GitHub(owner="o", repository="r", api_url=server.url)
        with pytest.raises(GitHubError, match="may this token read it"):
            find_drift(Path(), "prod", settings_of("prod"), github, google=not_logged_in, resources=())


def test_the_report_names_resource_field_declared_and_live_value() -> None:
    """And what to do in either case."""
    text = drift_markdown("prod", Drift(differences=(POLICY,)))
    assert "alerts-a: query: changed\n  declared: up\n  live:     vector(0)\n" in text
    assert "readiness up prod" in text


def test_a_long_value_is_shown_around_the_first_difference_and_whole_in_json() -> None:
    """A dashboard is one value of thousands of characters."""
    declared, live = f"{'x' * 5000}1{'y' * 5000}", f"{'x' * 5000}2{'y' * 5000}"
    found = Drift(
        differences=(Difference(type="t", resource="r", change=Change.CHANGED, declared=declared, live=live),)
    )
    lines = drift_markdown("prod", found).splitlines()
    (shown,) = [line for line in lines if line.startswith("  live:")]
    assert "x2y" in shown
    assert len(shown) < 400
    assert json.loads(json.dumps(drift_json("prod", found)))["differences"][0]["live"] == live


def test_an_issue_says_how_many_differences_it_leaves_out_and_keeps_the_most_dangerous() -> None:
    """GitHub takes 65,536 characters."""
    many = tuple(
        Difference(type=types.CHANNEL, resource=f"channel-{number}", change=Change.MISSING, declared="d" * 200)
        for number in range(900)
    )
    text = drift_markdown("prod", Drift(differences=(GRANT, *many), beside=("b" * 300,) * 500), max_characters=50_000)
    assert len(text) < 65_000
    assert "a-grant" in text
    shown = text.count("channel-")
    assert f"**{len(many) - shown} of {len(many) + 1} differences are not shown here.**" in text
    assert "… and 480 more" in text
    assert "not shown" not in drift_markdown("prod", Drift(differences=(GRANT, *many)))


def test_what_others_name_is_in_a_fence() -> None:
    """A branch's name is somebody else's text: it mentions nobody and opens no tag."""
    found = Drift(differences=(Difference(type="t", resource="r", change=Change.CHANGED, live="@team/```<b>"),))
    before, _, rest = drift_markdown("prod", found).partition("````text\n")
    assert "@team" not in before
    assert "@team/```<b>\n````\n" in rest


def test_what_is_not_known_is_in_the_report_without_drift_too() -> None:
    """And the report does not say that something drifted."""
    text = drift_markdown("prod", Drift(not_checked=("whether a log bucket is deleted: 403",)))
    assert text.startswith("### Not checked")
    assert "The live resources differ" not in text
