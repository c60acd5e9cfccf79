"""What holds for every registry under the declared policies, looked for in generated ones."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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
    """A version for every five bytes (one draw is quick, and shrinks): of a package a tag is at one version only."""
    rows = [drawn[start : start + _BYTES_OF_A_VERSION] for start in range(0, len(drawn), _BYTES_OF_A_VERSION)]
    rows = [row for row in rows if len(row) == _BYTES_OF_A_VERSION]
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


REGISTRIES = st.binary(max_size=len(_DIGESTS) * _BYTES_OF_A_VERSION).map(_registry)


def thousand(test: Callable[..., None]) -> Callable[..., None]:
    """1,000 registries, the same ones each time."""
    return settings(
        max_examples=1000, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
    )(test)


def _deleted(decisions: tuple[Decision, ...]) -> set[tuple[str, str]]:
    return {(each.version.package, each.version.digest) for each in decisions if each.delete}


@thousand
@given(REGISTRIES)
def test_a_version_with_a_protected_tag_is_never_deleted(versions: list[Version]) -> None:
    """Protected by prefix: `latest-2` too, `not-latest` not."""
    gone = [each.version for each in decide(versions, POLICIES, NOW) if each.delete]
    assert not [each.tags for each in gone if any(tag.startswith(PROTECTED_TAGS) for tag in each.tags)]


@thousand
@given(REGISTRIES)
def test_never_fewer_than_five_of_a_package_are_kept(versions: list[Version]) -> None:
    """Or all of them, where there are fewer; of the listed packages and of those that begin like them."""
    kept = Counter(each.version.package for each in decide(versions, POLICIES, NOW) if not each.delete)
    for package, count in Counter(each.package for each in versions).items():
        assert kept[package] >= min(KEPT_OF_A_PACKAGE, count), package


@thousand
@given(REGISTRIES)
def test_nothing_of_thirty_days_or_younger_is_deleted(versions: list[Version]) -> None:
    """The limit itself included."""
    ages = [NOW - each.version.created for each in decide(versions, POLICIES, NOW) if each.delete]
    assert all(age > timedelta(days=AGE_DAYS) for age in ages)


@thousand
@given(REGISTRIES, st.integers(0, 2000))
def test_what_is_deleted_now_is_deleted_later_too(versions: list[Version], hours: int) -> None:
    """Time alone brings nothing back into the kept."""
    now, later = (_deleted(decide(versions, POLICIES, NOW + timedelta(hours=wait))) for wait in (0, hours))
    assert now <= later


@thousand
@given(REGISTRIES)
def test_of_untagged_single_images_the_older_ones_go_first(versions: list[Version]) -> None:
    """Where a version goes, no older one of its package stays that has no tag and no index."""
    plain = [each for each in versions if not each.tags and not each.is_index and not each.children]
    decisions = decide(plain, POLICIES, NOW)
    for package in {each.package for each in plain}:
        order = [each.delete for each in decisions if each.version.package == package]
        assert order == sorted(order), "the newest come first, so the deleted come last"


@thousand
@given(REGISTRIES, st.randoms(use_true_random=False))
def test_the_order_of_the_list_changes_nothing(versions: list[Version], shuffler: random.Random) -> None:
    """Versions of the same instant are told apart by digest."""
    shuffled = list(versions)
    shuffler.shuffle(shuffled)
    assert decide(shuffled, POLICIES, NOW) == decide(versions, POLICIES, NOW)


@thousand
@given(REGISTRIES)
def test_no_manifest_goes_before_the_index_that_lists_it(versions: list[Version]) -> None:
    """An index that stays keeps its children, as the registry itself insists."""
    decisions = decide(versions, POLICIES, NOW)
    gone = _deleted(decisions)
    for each in decisions:
        if not each.delete:
            assert not [child for child in each.version.children if (each.version.package, child) in gone]
