"""Which revisions' images are needed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError, text_line
from readiness.images.revisions import Needed, read_needed
from tests.images.gate_files import SERVICES, everything_serves, revision
from tests.images.listings import REPOSITORY, digest_of, write_json

BACKEND = SERVICES[0]


def needed(folder: Path, *revisions: dict[str, Any]) -> Needed:
    """Of revisions of one service."""
    return read_needed(write_json(folder, list(revisions), "revisions.json"), [BACKEND])


def names(found: Needed) -> dict[str, list[str]]:
    """Numbers of the revisions by role."""
    return {
        role: [revision_.name.removeprefix(f"{BACKEND}-0000").removesuffix("-abc") for revision_ in held]
        for role, held in (("serving", found.serving), ("rollback", found.rollback))
    }


def refusals(folder: Path, revisions: Any, services: tuple[str, ...] = (BACKEND,)) -> list[str]:
    """What is said of a file."""
    path = write_json(folder, revisions, "revisions.json")
    with pytest.raises(RefusedError) as refused:
        read_needed(path, services)
    return [text_line(problem).removeprefix(f"{path}: ") for problem in refused.value.problems]


def test_the_revision_before_the_serving_one_is_the_rollback_target(tmp_path: Path) -> None:
    """Older ones may lose their image: cleanup is meant to take it."""
    found = needed(
        tmp_path,
        revision(BACKEND, 1, "a", age_days=30),
        revision(BACKEND, 2, "b", age_days=20),
        revision(BACKEND, 3, "c", active=True, age_days=10),
    )
    assert names(found) == {"serving": ["3"], "rollback": ["2"]}


def test_after_a_failed_deployment_its_revision_and_the_one_that_served_before_are_both_targets(tmp_path: Path) -> None:
    """rollback.sh takes the newest that does not serve; a person takes the one that worked."""
    found = needed(
        tmp_path,
        revision(BACKEND, 2, "b", age_days=20),
        revision(BACKEND, 3, "c", active=True, age_days=10),
        revision(BACKEND, 4, "d", age_days=5),
        revision(BACKEND, 5, "e", age_days=1),
    )
    assert names(found) == {"serving": ["3"], "rollback": ["2", "5"]}


def test_every_revision_with_traffic_serves(tmp_path: Path) -> None:
    """The target is older than all of them."""
    found = needed(
        tmp_path,
        revision(BACKEND, 1, "a", age_days=30),
        revision(BACKEND, 2, "b", active=True, age_days=20),
        revision(BACKEND, 3, "c", active=True, age_days=10),
    )
    assert names(found) == {"serving": ["2", "3"], "rollback": ["1"]}


def test_a_revision_that_does_not_say_whether_it_is_active_counts_as_serving(tmp_path: Path) -> None:
    """In doubt an image is needed."""
    assert names(needed(tmp_path, revision(BACKEND, 1, "a", active=None)))["serving"] == ["1"]


def test_an_idle_revision_of_unknown_age_counts_as_a_target(tmp_path: Path) -> None:
    """In doubt again."""
    idle = [revision(BACKEND, number, number, age_days=30 - number) for number in (1, 2, 3)]
    del idle[0]["metadata"]["creationTimestamp"]
    serving = revision(BACKEND, 4, 4, active=True, age_days=1)
    assert names(needed(tmp_path, *idle, serving))["rollback"] == ["1", "3"]


def test_the_digest_is_the_statuss_and_those_of_containers_named_by_digest(tmp_path: Path) -> None:
    """A sidecar has an image too; a tag says nothing."""
    revision_ = revision(BACKEND, 1, "a", active=True)
    revision_["spec"]["containers"].append({"image": f"{REPOSITORY}/proxy@{digest_of('proxy')}"})
    assert needed(tmp_path, revision_).serving[0].digests == (digest_of("a"), digest_of("proxy"))


def test_a_service_is_told_by_its_label_or_by_the_revisions_name(tmp_path: Path) -> None:
    """A list that was cut down with --format may lack labels."""
    revision_ = revision(BACKEND, 1, "a", active=True)
    del revision_["metadata"]["labels"]
    assert needed(tmp_path, revision_).serving[0].service == BACKEND


def test_a_list_that_lacks_a_service_is_inconclusive(tmp_path: Path) -> None:
    """Nothing is known of what it runs; every one that lacks is named."""
    listed = everything_serves()[:2]
    assert refusals(tmp_path, listed, SERVICES) == [
        f"has no revision of {service}, so it is not known which images it needs. Fetch the complete list again."
        for service in SERVICES[2:]
    ]


def test_a_list_without_a_serving_revision_of_a_service_is_inconclusive(tmp_path: Path) -> None:
    """A service always serves something: the list was cut down to others."""
    assert refusals(tmp_path, [revision(BACKEND, 1, "a")]) == [
        f"has no serving revision of {BACKEND}, only idle ones. Fetch the complete list again."
    ]


def test_an_empty_list_is_inconclusive(tmp_path: Path) -> None:
    """Even where the stacks name no service."""
    assert refusals(tmp_path, [], ()) == ["lists no revision. Fetch the complete list again."]


def test_a_needed_revision_without_a_digest_is_inconclusive(tmp_path: Path) -> None:
    """An old idle one without is of no interest."""
    nameless: dict[str, Any] = {"status": {"conditions": "x"}, "spec": {"containers": ["x"]}}
    tagged, old = revision(BACKEND, 3, "a", active=True), revision(BACKEND, 1, "b", age_days=90)
    for revision_ in (tagged, old):
        del revision_["status"]["imageDigest"]
    found = refusals(tmp_path, [tagged, old, revision(BACKEND, 2, "c", age_days=50), nameless])
    assert [message.partition(".")[0] for message in found] == [
        f"[0]: has no digest for {BACKEND}-00003-abc, neither in status",
        "[3]: is not a revision: it has no metadata",
    ]
