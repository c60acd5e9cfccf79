"""The live gate is read from GitHub itself, because neither a plan nor a refresh sees what was removed there."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.live.github_api import GitHub, GitHubError
from readiness.live.github_gate import GateDifference, gate_differences
from readiness.settings.github import ProductionEnvironment
from tests.live.loopback import Reply, Request, serving

SETTINGS = ProductionEnvironment.model_validate(
    {
        "reviewers": {
            "users": [{"login": "ada-example", "id": 1}],
            "teams": [{"slug": "operators", "id": 2}],
        },
        "wait_timer_minutes": 5,
    }
)


def live_environment() -> dict[str, Any]:
    """The environment as GitHub answers it when it is as declared."""
    return {
        "name": "production",
        "can_admins_bypass": False,
        "protection_rules": [
            {"type": "wait_timer", "wait_timer": 5},
            {
                "type": "required_reviewers",
                "prevent_self_review": True,
                "reviewers": [
                    {"type": "Team", "reviewer": {"id": 2, "slug": "operators"}},
                    {"type": "User", "reviewer": {"id": 1, "login": "ada-example"}},
                ],
            },
            {"type": "branch_policy"},
        ],
        "deployment_branch_policy": {"protected_branches": False, "custom_branch_policies": True},
    }


def differences(
    live: dict[str, Any] | None, branches: list[str], settings: ProductionEnvironment = SETTINGS
) -> list[GateDifference]:
    """What the gate reader says of a GitHub that answers so."""

    def answer(asked: Request) -> Reply:
        if "deployment-branch-policies" in asked.path:
            return Reply(200, {"branch_policies": [{"name": name, "type": "branch"} for name in branches]})
        if live is None:
            return Reply(404, {"message": "Not Found"}) if "environments" in asked.path else Reply(200, {"name": "r"})
        return Reply(200, live)

    with serving(answer) as server:
        return gate_differences(GitHub(owner="o", repository="r", api_url=server.url), settings)


def test_an_environment_as_declared_has_no_difference() -> None:
    """In whatever order GitHub lists the reviewers."""
    assert differences(live_environment(), ["main"]) == []


def test_a_missing_environment_is_an_open_gate() -> None:
    """The next run that names it creates it again, without any rule."""
    [found] = differences(None, [])
    assert (found.live, found.weaker) == ("is missing", True)


def test_reviewers_removed_in_the_browser_are_seen() -> None:
    """The very change that a refresh does not see."""
    live = live_environment()
    del live["protection_rules"][1]
    found = differences(live, ["main"])
    assert [(difference.what, difference.weaker) for difference in found] == [
        ("reviewers", True),
        ("self-review prevented", True),
    ]
    assert str(found[0]) == "production: reviewers: declared team 2, user 1, live nobody (WEAKER than declared)"


@pytest.mark.parametrize(
    ("change", "what", "weaker"),
    [
        ({"can_admins_bypass": True}, "administrators may bypass", True),
        ({"deployment_branch_policy": None}, "branches that may deploy", True),
        (
            {"deployment_branch_policy": {"protected_branches": True, "custom_branch_policies": False}},
            "branches named",
            True,
        ),
        ({"protection_rules": [{"type": "wait_timer", "wait_timer": 60}]}, "wait timer", False),
    ],
)
def test_every_part_of_the_gate_is_compared(change: dict[str, Any], what: str, weaker: bool) -> None:
    """Weaker is what lets through more than declared."""
    found = {
        difference.what: difference.weaker for difference in differences({**live_environment(), **change}, ["main"])
    }
    assert found[what] is weaker


@pytest.mark.parametrize(("branches", "weaker"), [(["main", "hotfix/*"], True), ([], False), (["*"], True)])
def test_branches_that_may_deploy_are_read_one_by_one(branches: list[str], weaker: bool) -> None:
    """A pattern added in the browser widens the gate; a missing one only closes it."""
    [found] = differences(live_environment(), branches)
    assert (found.what, found.weaker) == ("branches that may deploy", weaker)


def test_weaker_differences_come_first() -> None:
    """Who reads one line reads the one that matters."""
    live = live_environment()
    live["protection_rules"][0]["wait_timer"] = 60
    live["can_admins_bypass"] = True
    assert [difference.weaker for difference in differences(live, ["main"])] == [True, False]


def test_the_second_approval_is_read_as_well() -> None:
    """A chain is as open as its most open link."""
    reviewers = {"users": [{"login": "grace-example", "id": 3}, {"login": "alan-example", "id": 4}]}
    second = {"second_approval": {"name": "second", "reviewers": reviewers}}
    settings = ProductionEnvironment.model_validate({**SETTINGS.model_dump(), **second})
    found = differences(live_environment(), ["main"], settings)
    assert [(difference.environment, difference.what) for difference in found] == [("second", "reviewers")]


def test_a_refusal_is_not_a_protected_environment() -> None:
    """A token that may not read the environment proves nothing."""
    with (
        serving(lambda _: Reply(403, {"message": "Resource not accessible"})) as server,
        pytest.raises(GitHubError, match="not accessible"),
    ):
        gate_differences(GitHub(owner="o", repository="r", api_url=server.url), SETTINGS)
