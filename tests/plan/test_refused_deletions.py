"""The refusal of an apply that would delete what is protected: what becomes of each live thing, and the commands."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.plan.engine_rules import refused_deletions, refused_deletions_text
from readiness.plan.plan_file import ReadPlan, SecretMask, plan_from
from readiness.resource_types import REGISTRY

URN = f"urn:pulumi:prod::readiness::{REGISTRY}::images-repository"


def entry(**options: bool) -> dict[str, Any]:
    """The registry as the state has it."""
    inputs = {"repositoryId": "cargo-images", "location": "us-east1"}
    return {"urn": URN, "custom": True, "type": REGISTRY, "id": "1", "inputs": inputs, "outputs": {}, **options}


def empty_plan() -> ReadPlan:
    """A plan that declares nothing more."""
    return plan_from(
        {"project": "readiness", "stack": "prod", "resources": [], "outputs": {}}, file="prod", secrets=SecretMask()
    )


@pytest.mark.parametrize(
    ("retained", "said"),
    [
        (True, "cargo-images then stays as it is, and no stack manages it"),
        (False, "cargo-images is then deleted, with its contents"),
    ],
)
def test_the_refusal_says_what_becomes_of_the_live_thing(retained: bool, said: str) -> None:
    """By the state, because the engine deletes by it: one of an earlier release does not retain the registry."""
    state = {"resources": [entry(protect=True, retainOnDelete=retained)]}
    refused = list(refused_deletions(state, empty_plan()))
    text = refused_deletions_text("prod", refused)
    assert f"  - images-repository: the apply would delete it. {said}\n" in text
    assert (
        f"pulumi state unprotect --yes --stack prod '{URN}'" in text
        or f"pulumi state unprotect --yes --stack prod {URN}" in text
    )


def test_what_is_not_protected_is_not_refused() -> None:
    """An apply may delete it."""
    assert list(refused_deletions({"resources": [entry()]}, empty_plan())) == []
