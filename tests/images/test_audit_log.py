"""Which versions cleanup chose, by the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from readiness.finding import RefusedError
from readiness.images.audit_log import Candidate, Deletions, read_deletions
from tests.images.gate_files import end_of_operation, entry, name_of
from tests.images.listings import NOW, RESOURCE, digest_of, write_json

OTHER = RESOURCE.replace("ai-resume-review-v2", "gcf-artifacts")


def deletions(folder: Path, *entries: Any) -> Deletions:
    """Of a log with these entries."""
    return read_deletions(write_json(folder, list(entries), "log.json"), RESOURCE, NOW)


def counts(found: Deletions) -> tuple[int, int, int, int, int]:
    """All of them."""
    return found.dry, found.real, found.by_others, found.old, found.elsewhere


def test_the_candidates_are_the_versions_that_dry_runs_name(tmp_path: Path) -> None:
    """Each once, by package and digest; slashes in a package are escaped in its name."""
    runs = entry(name_of("a"), name_of("b", "web%2Fshop")), entry(name_of("a"), hours_ago=29)
    found = deletions(tmp_path, *runs, end_of_operation(), end_of_operation("parent", "validateOnly"))
    assert found.candidates == {Candidate("backend", digest_of("a")), Candidate("web/shop", digest_of("b"))}
    assert counts(found) == (2, 0, 0, 0, 2)


def test_entries_older_than_two_days_are_not_counted(tmp_path: Path) -> None:
    """Not their versions either, nor what is wrong with them."""
    broken = entry("x", hours_ago=90)
    found = deletions(tmp_path, entry(name_of("a"), hours_ago=47.9), entry(name_of("b"), hours_ago=48.1), broken)
    assert found.candidates == {Candidate("backend", digest_of("a"))}
    assert counts(found) == (1, 0, 0, 2, 0)


def test_another_repository_and_another_method_are_ignored(tmp_path: Path) -> None:
    """One log holds the whole project; a repository whose name begins alike is another."""
    method = entry(name_of("m"))
    method["protoPayload"]["methodName"] = "google.devtools.artifactregistry.v1.ArtifactRegistry.DeleteTag"
    others = (entry(name_of("o", resource=name), resource=name) for name in (OTHER, f"{RESOURCE}-2"))
    found = deletions(tmp_path, *others, method, {}, {"protoPayload": "x"})
    assert found.candidates == frozenset()
    assert counts(found) == (0, 0, 0, 0, 5)


def test_an_entry_without_a_parent_is_told_by_the_versions_that_it_names(tmp_path: Path) -> None:
    """The parent is a wildcard over packages anyway."""
    bare = entry(name_of("a"))
    del bare["protoPayload"]["request"]["parent"]
    assert counts(deletions(tmp_path, bare)) == (1, 0, 0, 0, 0)


def test_real_deletions_differ_from_dry_runs_and_cleanup_differs_from_others(tmp_path: Path) -> None:
    """validateOnly is left out or false; the principal is the registry's service agent."""
    found = deletions(
        tmp_path,
        entry(name_of("a"), dry=None),
        entry(name_of("b"), dry=False),
        entry(name_of("c"), dry=None, principal="somebody@example.com"),
    )
    assert counts(found) == (0, 2, 1, 0, 0)
    assert len(found.candidates) == 3


def test_the_time_of_receipt_stands_in_for_a_missing_one(tmp_path: Path) -> None:
    """Logging sets one of the two at least."""
    late = entry(name_of("a"))
    late["receiveTimestamp"] = late.pop("timestamp")
    assert counts(deletions(tmp_path, late)) == (1, 0, 0, 0, 0)


def test_an_entry_that_is_not_understood_refuses_the_log_with_every_fault(tmp_path: Path) -> None:
    """It may name what runs."""
    empty, odd, undated = entry(), entry("x", name_of("a", resource=OTHER)), entry(name_of("a"))
    odd["protoPayload"]["request"]["validateOnly"] = "true"
    undated["timestamp"] = "today"
    with pytest.raises(RefusedError) as refused:
        deletions(tmp_path, empty, odd, undated)
    assert [f"{problem.key}: {problem.message}" for problem in refused.value.problems] == [
        "[0].protoPayload.request.names: names no version",
        "[1].protoPayload.request.validateOnly: is neither true nor false",
        "[1].protoPayload.request.names[0]: is not a version of the repository",
        "[1].protoPayload.request.names[1]: is not a version of the repository",
        "[2].timestamp: is no RFC 3339 time",
    ]


def test_a_broken_log_is_refused_as_a_broken_list_of_images_is(tmp_path: Path) -> None:
    """One reader for all three files."""
    path = tmp_path / "log.json"
    path.write_text("", encoding="utf-8")
    with pytest.raises(RefusedError, match="is empty"):
        read_deletions(path, RESOURCE, NOW)
