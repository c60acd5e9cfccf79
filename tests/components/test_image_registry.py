"""The component `ImageRegistry`."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from components.image_registry import ImageRegistry, ImageRegistryArgs
from readiness.images.policies import Policy, policies_of
from readiness.plan.recorder import RecordingMonitor
from tests.components.conftest import Declare

KEEP_RECENT = Policy(id="keep-recent-api", action="KEEP", keep_count=5, package_prefixes=("api",))
KEEP_TAGS = Policy(
    id="keep-protected-tags",
    action="KEEP",
    tag_state="TAGGED",
    tag_prefixes=("latest", "release-"),
    version_prefixes=("sha256:0",),
    package_prefixes=("web/",),
    newer_than_seconds=60,
)
DELETE_OLD = Policy(id="delete-old", action="DELETE", older_than_seconds=86_400)
ARGS = ImageRegistryArgs(
    project="shop-1234",
    location="europe-west1",
    repository_id="shop-images",
    cleanup_policies=[DELETE_OLD, KEEP_RECENT, KEEP_TAGS],
    cleanup_dry_run=False,
)
EXISTING = "projects/shop-1234/locations/europe-west1/repositories/shop-images"
REPOSITORY = "gcp:artifactregistry/repository:Repository"


def declare_registry(args: ImageRegistryArgs = ARGS) -> ImageRegistry:
    """The component alone."""
    return ImageRegistry("images", args)


def test_the_repository_is_declared_with_its_policies_and_is_scanned(declare: Declare) -> None:
    """In the order of the arguments; what a policy leaves out is not written."""
    assert declare(declare_registry).inputs("images-repository") == {
        "project": "shop-1234",
        "location": "europe-west1",
        "repositoryId": "shop-images",
        "format": "DOCKER",
        "cleanupPolicies": [
            {"id": "delete-old", "action": "DELETE", "condition": {"tagState": "ANY", "olderThan": "86400s"}},
            {
                "id": "keep-recent-api",
                "action": "KEEP",
                "mostRecentVersions": {"keepCount": 5, "packageNamePrefixes": ["api"]},
            },
            {
                "id": "keep-protected-tags",
                "action": "KEEP",
                "condition": {
                    "tagState": "TAGGED",
                    "tagPrefixes": ["latest", "release-"],
                    "versionNamePrefixes": ["sha256:0"],
                    "packageNamePrefixes": ["web/"],
                    "newerThan": "60s",
                },
            },
        ],
        "cleanupPolicyDryRun": False,
        "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"},
    }


def test_a_plan_has_the_policies_that_the_simulator_reads(declare: Declare) -> None:
    """No field is lost on the way, so that the simulator shows what Google does."""
    declared = declare(declare_registry).inputs("images-repository")["cleanupPolicies"]
    assert list(policies_of(declared)) == ARGS.cleanup_policies


def test_the_dry_run_is_always_written(declare: Declare) -> None:
    """Without it, an imported `true` would become null, and the cleanup would start to delete."""
    dry = declare(lambda: declare_registry(dataclasses.replace(ARGS, cleanup_dry_run=True)))
    assert dry.inputs("images-repository")["cleanupPolicyDryRun"] is True


def test_a_new_repository_is_protected(declare: Declare) -> None:
    """Deleting it would delete every image. Nothing is imported, and no change is ignored."""
    options = declare(declare_registry).named("images-repository")["options"]
    assert (options["protect"], options["retainOnDelete"]) == (True, True), "a deletion would delete every image"
    assert not {"importId", "ignoreChanges"} & options.keys()


def test_an_adopted_repository_is_imported_and_differs_in_its_options_alone(declare: Declare) -> None:
    """Changes of description and labels are ignored, because another tool may manage them."""
    made = declare(declare_registry).named("images-repository")
    adopted = declare(lambda: declare_registry(dataclasses.replace(ARGS, adopt=EXISTING))).named("images-repository")
    assert adopted["inputs"] == made["inputs"]
    assert adopted["options"] == {
        **made["options"],
        "importId": EXISTING,
        "ignoreChanges": ["description", "labels"],
    }


def test_its_outputs_are_the_repository_and_that_scanning_is_not_reported_yet(declare: Declare) -> None:
    """The state is not known before Google has reported it."""
    assert declare(declare_registry).outputs_of("images") == {
        "id": "<images-repository.id>",
        "repository_id": "shop-images",
        "scanning_state": "not reported yet",
    }


@pytest.mark.parametrize("state", ["SCANNING_ACTIVE", "SCANNING_DISABLED"])
def test_the_scanning_state_is_what_google_reports(
    declare: Declare, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """The provider returns it in the object of the input."""
    answer = RecordingMonitor.RegisterResource

    def with_state(self: RecordingMonitor, request: Any) -> Any:
        response = answer(self, request)
        if request.type == REPOSITORY:
            response.object["vulnerabilityScanningConfig"].update({"enablementState": state})
        return response

    monkeypatch.setattr(RecordingMonitor, "RegisterResource", with_state)
    assert declare(declare_registry).outputs_of("images")["scanning_state"] == state
