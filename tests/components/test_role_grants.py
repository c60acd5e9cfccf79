"""The component `RoleGrants`."""

from __future__ import annotations

import dataclasses

from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.role_grants import RegistryArgs, RoleGrantArgs, RoleGrants, RoleGrantsArgs
from tests.components.conftest import Declare

MEMBER = "serviceAccount:scanner@shop-1234.iam.gserviceaccount.com"
IN_PROJECT = RoleGrantArgs(key="scan-run-viewer", role="roles/run.viewer", member=MEMBER)
ON_REGISTRY = RoleGrantArgs(
    key="scan-reader",
    role="roles/artifactregistry.reader",
    member=MEMBER,
    registry=RegistryArgs(location="europe-west1", repository="shop-images"),
)
ARGS = RoleGrantsArgs(project="shop-1234", grants=[IN_PROJECT, ON_REGISTRY])


def declare_grants(args: RoleGrantsArgs = ARGS) -> RoleGrants:
    """The component alone."""
    return RoleGrants("workflows", args)


def test_a_grant_adds_one_member_to_one_role_of_the_project(declare: Declare) -> None:
    """Nobody else loses the role."""
    declared = declare(declare_grants)
    assert declared.named("workflows-scan-run-viewer")["type"] == "gcp:projects/iAMMember:IAMMember"
    assert declared.inputs("workflows-scan-run-viewer") == {
        "project": "shop-1234",
        "role": "roles/run.viewer",
        "member": MEMBER,
    }


def test_a_grant_on_a_registry_is_restricted_to_it(declare: Declare) -> None:
    """The role applies to no other repository."""
    declared = declare(declare_grants)
    type_ = "gcp:artifactregistry/repositoryIamMember:RepositoryIamMember"
    assert declared.named("workflows-scan-reader")["type"] == type_
    assert declared.inputs("workflows-scan-reader") == {
        "project": "shop-1234",
        "location": "europe-west1",
        "repository": "shop-images",
        "role": "roles/artifactregistry.reader",
        "member": MEMBER,
    }


def test_a_grant_waits_for_what_it_depends_on_itself(declare: Declare) -> None:
    """A role on a repository waits for the repository; a role on the project does not."""

    def program() -> None:
        apis = EnabledApis("apis", EnabledApisArgs(project="shop-1234", apis=["artifactregistry.googleapis.com"]))
        grants = [IN_PROJECT, dataclasses.replace(ON_REGISTRY, depends_on=[apis])]
        RoleGrants("workflows", RoleGrantsArgs(project="shop-1234", grants=grants))

    declared = declare(program)
    assert declared.dependencies_of("workflows-scan-run-viewer") == set()
    assert declared.dependencies_of("workflows-scan-reader") == {"apis-artifactregistry"}
