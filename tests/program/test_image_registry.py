"""The registry as declared: what is cleaned up and what never, and that an adopted one is neither made nor lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.problems import RefusedError
from readiness.retention.policies import keep_policy_id
from readiness.review.offline_plan import Plan
from readiness.review.recorder import RecordingMonitor
from tests.edits import edit
from tests.program.declared import REGISTRY, depends_on, one, planned

ADOPTED = "projects/ytgrs-464303/locations/us-central1/repositories/ai-resume-review-v2"


def registry_of(plan: Plan) -> tuple[dict[str, Any], dict[str, Any]]:
    """Inputs and options of the repository."""
    declared = one(plan, REGISTRY)
    return declared["inputs"], declared["options"]


def test_the_five_policies_are_those_that_the_customer_asked_for(plans: dict[str, Plan]) -> None:
    """Older than 30 days goes; the 5 newest of each package, the protected tags and all that is younger stay."""
    assert registry_of(plans["prod"])[0]["cleanupPolicies"] == [
        {
            "id": "delete-older-than-30-days",
            "action": "DELETE",
            "condition": {"tagState": "ANY", "olderThan": "2592000s"},
        },
        {
            "id": "keep-recent-backend",
            "action": "KEEP",
            "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["backend"]},
        },
        {
            "id": "keep-recent-frontend",
            "action": "KEEP",
            "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["frontend"]},
        },
        {
            "id": "keep-protected-tags",
            "action": "KEEP",
            "condition": {
                "tagState": "TAGGED",
                "tagPrefixes": ["latest", "staging-latest", "production-latest", "production-previous"],
            },
        },
        {
            "id": "keep-younger-than-30-days",
            "action": "KEEP",
            "condition": {"tagState": "ANY", "newerThan": "2592000s"},
        },
    ]


def test_every_setting_of_the_registry_arrives(plans: dict[str, Plan]) -> None:
    """Set apart from their defaults in the fixture stack."""
    inputs, _ = registry_of(plans["every-option"])
    delete, api, web, tags, young = inputs["cleanupPolicies"]
    assert (delete["condition"]["olderThan"], young["condition"]["newerThan"]) == ("3888000s", "3888000s")
    assert [each["mostRecentVersions"] for each in (api, web)] == [
        {"keepCount": 3, "packageNamePrefixes": ["api"]},
        {"keepCount": 3, "packageNamePrefixes": ["web/shop"]},
    ]
    assert tags["condition"]["tagPrefixes"][-1] == "release-"
    assert (inputs["repositoryId"], inputs["format"]) == ("shop-images", "DOCKER")


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_what_the_provider_does_not_check_holds(plans: dict[str, Plan], stack: str) -> None:
    """Ids unique and short, at most ten, a count only with KEEP and never beside a condition, at least one KEEP."""
    policies = registry_of(plans[stack])[0]["cleanupPolicies"]
    ids = [each["id"] for each in policies]
    assert len(set(ids)) == len(ids) <= 10
    assert all(0 < len(each) < 128 for each in ids)
    for policy in policies:
        assert ("condition" in policy) != ("mostRecentVersions" in policy)
        assert policy["action"] == "KEEP" or "condition" in policy
    assert {each["action"] for each in policies} == {"DELETE", "KEEP"}


def test_the_longest_package_makes_an_id_that_the_api_takes() -> None:
    """Shorter than 128 characters."""
    assert len(keep_policy_id("x" * 115)) == 127


@pytest.mark.parametrize(("stack", "dry_run"), [("prod", True), ("every-option", False)])
def test_the_dry_run_is_always_written(plans: dict[str, Plan], stack: str, dry_run: bool) -> None:
    """Left out, an imported `true` becomes null and cleanup starts to delete."""
    assert registry_of(plans[stack])[0]["cleanupPolicyDryRun"] is dry_run


def test_scanning_is_on(plans: dict[str, Plan]) -> None:
    """There is no ENABLED: inherited from the project, whose APIs are enabled first."""
    for stack in ("prod", "every-option"):
        inputs, _ = registry_of(plans[stack])
        assert inputs["vulnerabilityScanningConfig"] == {"enablementConfig": "INHERITED"}
        assert depends_on(plans[stack], one(plans[stack], REGISTRY)) == {
            "registry-apis-artifactregistry",
            "registry-apis-containeranalysis",
            "registry-apis-containerscanning",
        }


def test_an_adopted_repository_is_imported_and_keeps_what_terraform_writes(plans: dict[str, Plan]) -> None:
    """Nothing creates it, nothing destroys it."""
    inputs, options = registry_of(plans["prod"])
    assert options["importId"] == ADOPTED
    assert options["ignoreChanges"] == ["description", "labels"]
    assert options["protect"] is True
    assert not {"description", "labels"} & set(inputs)


def test_a_repository_of_our_own_is_made_and_protected(plans: dict[str, Plan]) -> None:
    """With it every image goes, the one that production runs included."""
    _, options = registry_of(plans["every-option"])
    assert options["protect"] is True
    assert not {"importId", "ignoreChanges"} & set(options)


def test_adopting_or_not_is_one_setting(project: Path) -> None:
    """The same stack without adoption differs by the two options alone."""
    adopted = registry_of(planned(project))
    edit(project, "    adopt: true\n", "    adopt: false\n")
    made = registry_of(planned(project))
    assert made[0] == adopted[0]
    assert {key: value for key, value in adopted[1].items() if key not in made[1]} == {
        "importId": ADOPTED,
        "ignoreChanges": ["description", "labels"],
    }


def test_the_plan_says_that_scanning_is_not_reported_yet(plans: dict[str, Plan]) -> None:
    """The output is there before Google has answered: a name that is missing looks like nothing to watch."""
    assert plans["prod"].outputs["image_scanning_state"] == "not reported yet"
    assert "image_scanning_state" not in plans["staging"].outputs


@pytest.mark.parametrize("state", ["SCANNING_ACTIVE", "SCANNING_DISABLED"])
def test_the_output_is_what_google_reports(project: Path, monkeypatch: pytest.MonkeyPatch, state: str) -> None:
    """As the provider hands it on: beside the input, in the same object."""
    answer = RecordingMonitor.RegisterResource

    def with_state(self: RecordingMonitor, request: Any) -> Any:
        response = answer(self, request)
        if request.type == REGISTRY:
            config = response.object["vulnerabilityScanningConfig"]
            config.update({"enablementState": state, "enablementStateReason": "as the project says"})
        return response

    monkeypatch.setattr(RecordingMonitor, "RegisterResource", with_state)
    assert planned(project).outputs["image_scanning_state"] == state


def test_a_refused_registry_declares_nothing(project: Path) -> None:
    """The program itself checks again, whoever runs it."""
    edit(project, "      - frontend\n", "      - backend-migrate\n")
    with pytest.raises(RefusedError, match="begins like backend"):
        planned(project)
