"""Policies: what the settings declare, what a plan says, and what cannot be right."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from readiness.finding import RefusedError, text_line
from readiness.images.policies import (
    KEEP,
    Policy,
    declared_policies,
    policies_digest,
    policies_of,
)
from readiness.images.repositories import declared_repository
from readiness.plan.offline_plan import Plan
from readiness.resource_types import REGISTRY
from readiness.settings.registry import keep_policy_id
from tests.images.listings import RESOURCE, prod_policies
from tests.projects import settings_of

AGE: dict[str, Any] = {"id": "age", "action": "DELETE", "condition": {"tagState": "ANY", "olderThan": "2592000s"}}
RECENT: dict[str, Any] = {"id": "recent", "action": "KEEP", "mostRecentVersions": {"keepCount": 5}}


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_what_a_plan_declares_is_what_the_settings_say(plans: dict[str, Plan], stack: str) -> None:
    """So that a check of the settings and a gate that reads the plan mean the same policies."""
    repository = declared_repository(plans[stack].resources)
    registry = settings_of(stack).image_registry
    assert repository is not None
    assert registry is not None
    assert repository.policies == declared_policies(registry)
    assert repository.dry_run == registry.cleanup_dry_run


def test_the_five_policies_of_prod_are_the_customers_row_and_a_belt_for_it() -> None:
    """Older than 30 days goes; five of each service, four tags and everything younger stay."""
    tags = ("latest", "staging-latest", "production-latest", "production-previous")
    assert prod_policies() == (
        Policy(id="delete-older-than-30-days", action="DELETE", older_than_seconds=2_592_000),
        Policy(id="keep-recent-backend", action=KEEP, keep_count=5, package_prefixes=("backend",)),
        Policy(id="keep-recent-frontend", action=KEEP, keep_count=5, package_prefixes=("frontend",)),
        Policy(id="keep-protected-tags", action=KEEP, tag_state="TAGGED", tag_prefixes=tags),
        Policy(id="keep-younger-than-30-days", action=KEEP, newer_than_seconds=2_592_000),
    )


def test_every_setting_of_the_registry_reaches_its_policies() -> None:
    """Set apart from their defaults in the stack with every option."""
    registry = settings_of("every-option").image_registry
    assert registry is not None
    tags = ("latest", "staging-latest", "production-latest", "production-previous", "release-")
    assert declared_policies(registry) == (
        Policy(id="delete-older-than-45-days", action="DELETE", older_than_seconds=3_888_000),
        Policy(id="keep-recent-api", action=KEEP, keep_count=3, package_prefixes=("api",)),
        Policy(id="keep-recent-web-shop", action=KEEP, keep_count=3, package_prefixes=("web/shop",)),
        Policy(id="keep-protected-tags", action=KEEP, tag_state="TAGGED", tag_prefixes=tags),
        Policy(id="keep-younger-than-45-days", action=KEEP, newer_than_seconds=3_888_000),
    )


def test_the_longest_package_makes_an_id_that_the_api_takes() -> None:
    """Shorter than 128 characters."""
    assert len(keep_policy_id("x" * 115)) == 127


def test_the_repository_of_a_plan_is_named_as_logs_and_images_name_it(plans: dict[str, Plan]) -> None:
    """Two forms of one name."""
    repository = declared_repository(plans["prod"].resources)
    assert repository is not None
    assert repository.resource == RESOURCE
    assert repository.host_path == "us-central1-docker.pkg.dev/ytgrs-464303/ai-resume-review-v2"


def test_a_stack_without_a_registry_declares_no_repository(plans: dict[str, Plan]) -> None:
    """Staging has none."""
    assert declared_repository(plans["staging"].resources) is None


def test_a_dry_run_that_is_left_out_means_that_cleanup_deletes() -> None:
    """The API's default, which an import can bring about."""
    inputs = {"project": "p", "location": "l", "repositoryId": "r"}
    found = declared_repository([{"type": REGISTRY, "name": "images", "inputs": inputs}])
    assert found is not None
    assert found.dry_run is False
    assert found.policies == ()


def test_every_field_of_a_policy_comes_back_from_a_plan() -> None:
    """From the model to the API's form and back."""
    full = Policy(
        id="full",
        action=KEEP,
        tag_state="TAGGED",
        tag_prefixes=("v",),
        version_prefixes=("sha256:0",),
        package_prefixes=("web",),
        older_than_seconds=60,
        newer_than_seconds=120,
    )
    counting = Policy(id="counting", action=KEEP, keep_count=3, package_prefixes=("web",))
    assert policies_of([full.as_body(), counting.as_body()]) == (full, counting)


@pytest.mark.parametrize(
    ("bodies", "fault"),
    [
        ([{**RECENT, "action": "DELETE"}], "recent: mostRecentVersions only keeps"),
        ([{**RECENT, "condition": {"tagState": "ANY"}}], "recent: it needs one of condition and mostRecentVersions"),
        ([{"id": "none", "action": "KEEP"}], "none: it needs one of condition and mostRecentVersions"),
        ([AGE, AGE], "age: two policies have this id"),
        ([{**AGE, "action": "Delete"}], "age: its action is neither DELETE nor KEEP"),
        ([{**AGE, "id": ""}], "it has no id"),
        ([{**AGE, "condition": {"olderThan": "30d"}}], "age: olderThan is not a time in seconds such as 2592000s"),
        ([{**AGE, "condition": {"tagState": "tagged"}}], "age: its tagState is not one of ANY, TAGGED, UNTAGGED"),
        (
            [{**AGE, "condition": {"moreStaleThan": "60s"}}],
            "age: the simulator does not support the field moreStaleThan",
        ),
        ([{**AGE, "name": "age"}], "age: the simulator does not support the field name"),
        ([{**RECENT, "mostRecentVersions": {"keepCount": 0}}], "recent: keepCount is not a number of versions"),
        ([{**RECENT, "mostRecentVersions": {}}], "recent: keepCount is not a number of versions"),
        (
            [{**AGE, "condition": {"tagState": "UNTAGGED", "tagPrefixes": ["v"]}}],
            "age: it matches nothing, because tagPrefixes never match",
        ),
    ],
)
def test_an_invalid_policy_that_the_provider_accepts_is_refused(bodies: list[dict[str, Any]], fault: str) -> None:
    """Mistakes that stand in public repositories; found before the simulator guesses what they mean."""
    with pytest.raises(ValueError, match=fault.replace("(", r"\(")):
        policies_of(bodies)


def test_all_wrong_policies_are_named_at_once_with_the_place_of_the_program() -> None:
    """A line of the program, since policies are made there."""
    bodies = [{**AGE, "action": "x"}, {**RECENT, "action": "DELETE"}]
    source = {"file": "components/image_registry.py", "line": 45}
    inputs = {"cleanupPolicies": bodies}
    with pytest.raises(RefusedError) as refused:
        declared_repository([{"type": REGISTRY, "name": "images", "inputs": inputs, "source": source}])
    assert [
        text_line(problem).startswith("components/image_registry.py:45: images: ") for problem in refused.value.problems
    ] == [
        True,
        True,
    ]


def test_the_digest_is_the_same_in_any_order_and_another_for_any_change() -> None:
    """The API's policies are a set."""
    policies = prod_policies()
    changed = dataclasses.replace(policies[0], older_than_seconds=29 * 86_400)
    assert policies_digest(reversed(policies)) == policies_digest(policies)
    assert policies_digest((changed, *policies[1:])) != policies_digest(policies)
    assert policies_digest(policies[1:]) != policies_digest(policies)
