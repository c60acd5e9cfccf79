"""The meaning of the policies, one rule a test."""

from __future__ import annotations

from typing import Any

import pytest

from readiness.images.images import Version
from readiness.images.policies import DELETE, KEEP, Policy
from readiness.images.simulate import decide
from tests.images.listings import INDEX, MANIFEST, NOW, REPOSITORY, digest_of, prod_policies, version

DAY = 86_400
OLD = Policy(id="old", action=DELETE, older_than_seconds=30 * DAY)


def decided(versions: list[Version], *policies: Policy) -> dict[str, tuple[str, str]]:
    """Action and policy by digest."""
    return {
        decision.version.digest: ("delete" if decision.delete else "keep", decision.policy)
        for decision in decide(versions, policies or prod_policies(), NOW)
    }


def one(version: Version, *policies: Policy) -> tuple[str, str]:
    """Action and policy of a single version."""
    return decided([version], *policies)[version.digest]


def test_keep_wins_over_delete_whatever_their_order() -> None:
    """The overview: an artifact that matches both is kept."""
    keep = Policy(id="all", action=KEEP)
    assert one(version("a", age_days=99), OLD, keep) == one(version("a", age_days=99), keep, OLD) == ("keep", "all")


def test_a_version_that_no_policy_matches_is_kept_without_a_policy() -> None:
    """KEEP only exempts: without a DELETE nothing goes."""
    assert one(version("a", age_days=29), OLD) == ("keep", "")


@pytest.mark.parametrize(
    ("age_days", "expected"),
    [(29.9, ("keep", "young")), (30, ("keep", "")), (30.1, ("delete", "old"))],
)
def test_ages_count_from_the_upload_and_the_limit_itself_is_neither_older_nor_newer(
    age_days: float, expected: tuple[str, str]
) -> None:
    """Older than and newer than are meant strictly."""
    young = Policy(id="young", action=KEEP, newer_than_seconds=30 * DAY)
    assert one(version("a", age_days=age_days), OLD, young) == expected


@pytest.mark.parametrize(
    ("tag_state", "tagged", "untagged"),
    [("ANY", "delete", "delete"), ("TAGGED", "delete", "keep"), ("UNTAGGED", "keep", "delete")],
)
def test_a_tag_state_distinguishes_tagged_from_untagged(tag_state: str, tagged: str, untagged: str) -> None:
    """An untagged version is one without any tag."""
    policy = Policy(id="p", action=DELETE, tag_state=tag_state)
    actions = [one(version("a", age_days=40, tags=tags), policy)[0] for tags in (("v1",), ())]
    assert actions == [tagged, untagged]


@pytest.mark.parametrize(
    ("tag", "kept"),
    [
        ("latest", True),
        ("latest-experiment-2021", True),
        ("staging-latest", True),
        ("staging-latest-foo", True),
        ("not-latest", False),
        ("Latest", False),
        ("late", False),
    ],
)
def test_tags_match_by_prefix_only(tag: str, kept: bool) -> None:
    """Never as a part, never without regard to case."""
    policy = Policy(id="tags", action=KEEP, tag_state="TAGGED", tag_prefixes=("latest", "staging-latest"))
    assert one(version("a", age_days=40, tags=("sha", tag)), OLD, policy)[0] == ("keep" if kept else "delete")


def test_the_fields_of_a_condition_must_all_hold() -> None:
    """AND between fields, OR between the prefixes of a field."""
    policy = Policy(
        id="p",
        action=DELETE,
        tag_state="TAGGED",
        tag_prefixes=("pr-", "branch-"),
        package_prefixes=("back", "web"),
        version_prefixes=("sha256:", "other"),
        older_than_seconds=10 * DAY,
        newer_than_seconds=50 * DAY,
    )
    hit: dict[str, Any] = {"age_days": 20, "tags": ("branch-1",)}
    assert one(version("a", **hit), policy) == ("delete", "p")
    misses: list[dict[str, Any]] = [
        {"tags": ("v1",)},
        {"tags": ()},
        {"package": f"{REPOSITORY}/frontend"},
        {"digest": "md5:1"},
        {"age_days": 9},
        {"age_days": 51},
    ]
    for miss in misses:
        assert one(version("a", **{**hit, **miss}), policy) == ("keep", ""), miss


def test_the_newest_are_counted_in_each_package_by_itself() -> None:
    """Five of the backend and five of the frontend, not five of both."""
    versions = [
        version((package, age), age_days=age, package=f"{REPOSITORY}/{package}")
        for package in ("backend", "frontend")
        for age in range(40, 48)
    ]
    for package in ("backend", "frontend"):
        kept = [age for age in range(40, 48) if decided(versions)[digest_of((package, age))][0] == "keep"]
        assert kept == [40, 41, 42, 43, 44], package
    assert decided(versions)[digest_of(("frontend", 40))] == ("keep", "keep-recent-frontend")


def test_of_versions_of_the_same_instant_the_smaller_digest_is_the_newer() -> None:
    """Some order has to be; it does not depend on the list's."""
    recent = Policy(id="recent", action=KEEP, keep_count=1)
    versions = [version(seed, age_days=40) for seed in "abc"]
    kept = [digest for digest, (action, _) in decided(versions, OLD, recent).items() if action == "keep"]
    assert kept == [min(version.digest for version in versions)]


def test_a_policy_with_a_count_matches_packages_by_prefix_and_counts_each() -> None:
    """`backend` also matches backend-migrate, an older image name of somebody's."""
    migrate = version("m", age_days=90, package=f"{REPOSITORY}/backend-migrate")
    assert one(migrate) == ("keep", "keep-recent-backend")
    assert one(version("w", age_days=90, package=f"{REPOSITORY}/worker")) == ("delete", "delete-older-than-30-days")


def test_the_first_declared_policy_that_keeps_is_named() -> None:
    """A young, protected, recent version: the count comes first in the declaration."""
    assert one(version("a", age_days=1, tags=("latest",))) == ("keep", "keep-recent-backend")


def crowd(*more: Version) -> list[Version]:
    """Five younger versions, so that the count keeps none of those of interest."""
    return [*more, *(version(("crowd", age), age_days=age) for age in range(5))]


def test_a_child_that_the_listing_names_stays_as_long_as_its_index() -> None:
    """And has the index's policy; untagged manifests of the same age that nobody lists go."""
    child, attestation, stranger = (version(seed, age_days=50 + index) for index, seed in enumerate("cas"))
    index = version(
        "i", age_days=40, tags=("production-latest",), media_type=INDEX, children=(child.digest, attestation.digest)
    )
    found = decided(crowd(index, child, attestation, stranger))
    assert found[index.digest] == found[child.digest] == found[attestation.digest] == ("keep", "keep-protected-tags")
    assert found[stranger.digest] == ("delete", "delete-older-than-30-days")


def test_an_index_of_indexes_keeps_all_that_hangs_on_it() -> None:
    """However deep."""
    leaf = version("leaf", age_days=70)
    inner = version("inner", age_days=60, media_type=INDEX, children=(leaf.digest,))
    outer = version("outer", age_days=50, tags=("latest",), media_type=INDEX, children=(inner.digest,))
    found = decided(crowd(leaf, inner, outer))
    assert {found[version.digest][0] for version in (leaf, inner, outer)} == {"keep"}


def test_where_no_children_are_named_untagged_manifests_of_the_same_push_are_taken_for_them() -> None:
    """gcloud lists no children: what was uploaded within ten minutes of the index, untagged, in its package."""
    minute = 1 / 1440
    index = version("i", age_days=40, tags=("staging-latest",), media_type=INDEX)
    child = version("c", age_days=40 + 5 * minute, media_type=MANIFEST)
    others = {
        "earlier": version("e", age_days=40 + 11 * minute),
        "tagged": version("t", age_days=40, tags=("v1",)),
        "of another package": version("p", age_days=40, package=f"{REPOSITORY}/worker"),
    }
    found = decided(crowd(index, child, *others.values()))
    assert found[child.digest] == ("keep", "keep-protected-tags")
    for why, other in others.items():
        assert found[other.digest][0] == "delete", why


def test_thousands_of_indexes_and_manifests_of_one_hour_are_all_kept() -> None:
    """As after a migration of the registry, which uploads everything again. `make bench` measures how long it takes."""
    versions = [
        version(number, age_days=40, tags=("latest",), media_type=INDEX) if number % 2 else version(number, age_days=40)
        for number in range(10_000)
    ]
    found = decided(versions)
    assert {action for action, _ in found.values()} == {"keep"}


def test_an_index_that_goes_takes_its_children_along_unless_something_else_keeps_them() -> None:
    """A child that two indexes list stays with the one that stays."""
    shared, own = version("s", age_days=80), version("o", age_days=80.5)
    going = version("g", age_days=70, media_type=INDEX, children=(shared.digest, own.digest))
    staying = version("k", age_days=60, tags=("latest",), media_type=INDEX, children=(shared.digest,))
    found = decided(crowd(shared, own, going, staying))
    assert {found[version.digest][0] for version in (going, own)} == {"delete"}
    assert found[shared.digest][0] == "keep"
