"""What holds for every registry under the declared policies, looked for in a thousand that are drawn at random."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

import pytest

from readiness.images.images import Version
from readiness.images.simulate import Decision, decide
from readiness.settings.protected_tags import PROTECTED_TAGS
from tests.images.listings import INDEX, MANIFEST, NOW, REPOSITORY, digest_of, prod_policies

POLICIES = prod_policies()
KEPT_OF_A_PACKAGE, AGE_DAYS = 5, 30

# Tags of the customer's workflows, the protected ones, some that only begin or end like them, and often none.
_TAGS = (
    "0b6b26d", "0b6b26d-staging", "0b6b26d-production", *PROTECTED_TAGS, "latest-2", "not-latest", "v1",
    "", "", "", "", "", "",
)  # fmt: skip
# Round the limit of 720 hours, with many of the same instant.
_AGES_HOURS = (0, 500, 719, 720, 721, 800, 1500, 2000)
_KINDS = (MANIFEST, MANIFEST, INDEX, "")
_PLACES = tuple(f"{REPOSITORY}/{package}" for package in ("backend", "frontend", "backend-migrate"))
_DIGESTS = tuple(digest_of(index) for index in range(24))
_BYTES_OF_A_VERSION = 5


def _registry(drawn: bytes) -> list[Version]:
    """A version for every five bytes: of a package a tag is at one version only."""
    rows = [drawn[start : start + _BYTES_OF_A_VERSION] for start in range(0, len(drawn), _BYTES_OF_A_VERSION)]
    taken: set[tuple[str, str]] = set()
    versions = []
    for index, (where, when, hour, tagged, lists) in enumerate(rows):
        place, kind = _PLACES[where % 3], _KINDS[where // 3 % 4]
        wanted = {_TAGS[tagged % 16], _TAGS[tagged // 16]} - {""}
        tags = tuple(sorted(tag for tag in wanted if (place, tag) not in taken))
        taken |= {(place, tag) for tag in tags}
        created = NOW - timedelta(hours=_AGES_HOURS[when % 8] + hour * (when % 4))
        children = (_DIGESTS[lists % len(rows)],) if kind == INDEX and lists % 2 else ()
        versions.append(
            Version(
                package=place,
                digest=_DIGESTS[index],
                created=created,
                created_text=created.isoformat(),
                tags=tags,
                media_type=kind,
                children=children,
            )
        )
    return versions


def _deleted(decisions: tuple[Decision, ...]) -> set[tuple[str, str]]:
    return {(decision.version.package, decision.version.digest) for decision in decisions if decision.delete}


@pytest.mark.parametrize("first_seed", range(0, 1000, 100))
def test_what_holds_for_every_registry(first_seed: int) -> None:
    """Every property in each of the registries, which are the same in every run; empty ones and full ones too."""
    for seed in range(first_seed, first_seed + 100):
        chance = random.Random(seed)  # noqa: S311 - a sample, not a secret
        versions = _registry(chance.randbytes(chance.randint(0, len(_DIGESTS)) * _BYTES_OF_A_VERSION))
        _check(versions, chance)


def _check(versions: list[Version], chance: random.Random) -> None:
    """The properties of what is decided now, some hours later, and of the same list in another order."""
    decisions = decide(versions, POLICIES, NOW)
    no_version_with_a_protected_tag_is_deleted(decisions)
    never_fewer_than_five_of_a_package_are_kept(versions, decisions)
    nothing_of_thirty_days_or_younger_is_deleted(decisions)
    no_manifest_goes_before_the_index_that_lists_it(decisions)
    of_untagged_single_images_the_older_ones_go_first(versions)
    # Time alone brings nothing back into the kept.
    assert _deleted(decisions) <= _deleted(decide(versions, POLICIES, NOW + timedelta(hours=chance.randint(0, 2000))))
    # Versions of the same instant are ordered by digest.
    shuffled = list(versions)
    chance.shuffle(shuffled)
    assert decide(shuffled, POLICIES, NOW) == decisions


def no_version_with_a_protected_tag_is_deleted(decisions: tuple[Decision, ...]) -> None:
    """Protected by prefix: `latest-2` too, `not-latest` not."""
    gone = [decision.version.tags for decision in decisions if decision.delete]
    assert not [tags for tags in gone if any(tag.startswith(PROTECTED_TAGS) for tag in tags)]


def never_fewer_than_five_of_a_package_are_kept(versions: list[Version], decisions: tuple[Decision, ...]) -> None:
    """Or all of them, where there are fewer; of the listed packages and of those that begin like them."""
    kept = Counter(decision.version.package for decision in decisions if not decision.delete)
    for package, count in Counter(version.package for version in versions).items():
        assert kept[package] >= min(KEPT_OF_A_PACKAGE, count), package


def nothing_of_thirty_days_or_younger_is_deleted(decisions: tuple[Decision, ...]) -> None:
    """The limit itself included."""
    ages = [NOW - decision.version.created for decision in decisions if decision.delete]
    assert all(age > timedelta(days=AGE_DAYS) for age in ages)


def of_untagged_single_images_the_older_ones_go_first(versions: list[Version]) -> None:
    """Where a version goes, no older one of its package stays that has no tag and no index."""
    plain = [version for version in versions if not version.tags and not version.is_index and not version.children]
    decisions = decide(plain, POLICIES, NOW)
    for package in {version.package for version in plain}:
        order = [decision.delete for decision in decisions if decision.version.package == package]
        assert order == sorted(order), "the newest come first, so the deleted come last"


def no_manifest_goes_before_the_index_that_lists_it(decisions: tuple[Decision, ...]) -> None:
    """An index that stays keeps its children, as the registry itself insists."""
    gone = _deleted(decisions)
    for decision in decisions:
        if not decision.delete:
            version = decision.version
            assert not [child for child in version.children if (version.package, child) in gone]
