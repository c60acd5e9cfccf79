"""`readiness cleanup simulate`: what it prints, and how it ends."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from readiness.cli.main import run
from readiness.images.images import read_images
from readiness.images.policies import KEEP
from readiness.images.report import observations, simulation_json, simulation_text, size_text
from readiness.images.simulate import decide
from tests.images.listings import INDEX, NOW, REPOSITORY, digest_of, item, prod_policies, version, write_json
from tests.projects import FIRST_CUSTOMER

AT = "2025-11-25T12:00:00Z"
BACKEND = f"{REPOSITORY}/backend"


@pytest.fixture(autouse=True)
def at_home(monkeypatch: pytest.MonkeyPatch, remembered_plans: None) -> None:
    """The commands run in the project's folder, as a person does."""
    monkeypatch.chdir(FIRST_CUSTOMER)
    monkeypatch.delenv("CI", raising=False)


def simulated(folder: Path, items: Any, *more: str) -> int:
    """Exit status of the command on a list."""
    return run(["cleanup", "simulate", "prod", "--images", str(write_json(folder, items)), "--now", AT, *more])


def listing() -> list[dict[str, Any]]:
    """Six versions of the backend beside its recent ones, and two of the frontend."""
    recent = [item(("recent", age), age_days=age, tags=(f"r{age}",)) for age in range(1, 6)]
    return [
        *recent,
        item("old", age_days=40, tags=("v1",), metadata={"imageSizeBytes": "1500000"}),
        item("running", age_days=90, tags="0b6b26d, production-latest"),
        item("web", age_days=90, name="frontend"),
    ]


def test_json_holds_every_version_sorted_and_the_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exactly these fields; package, version and createTime as the file has them."""
    assert simulated(tmp_path, listing(), "--format", "json") == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == ["versions", "totals"]
    assert found["versions"][-3:] == [
        {
            "package": BACKEND,
            "version": digest_of("old"),
            "tags": ["v1"],
            "created": "2025-10-16T12:00:00Z",
            "action": "delete",
            "policy": "delete-older-than-30-days",
        },
        {
            "package": BACKEND,
            "version": digest_of("running"),
            "tags": ["0b6b26d", "production-latest"],
            "created": "2025-08-27T12:00:00Z",
            "action": "keep",
            "policy": "keep-protected-tags",
        },
        {
            "package": f"{REPOSITORY}/frontend",
            "version": digest_of("web"),
            "tags": [],
            "created": "2025-08-27T12:00:00Z",
            "action": "keep",
            "policy": "keep-recent-frontend",
        },
    ]
    assert found["totals"] == {
        "delete": {"count": 1, "bytes": 1_500_000},
        "keep": {"count": 7, "bytes": 7000},
        "packages": {
            BACKEND: {"delete": {"count": 1, "bytes": 1_500_000}, "keep": {"count": 6, "bytes": 6000}},
            f"{REPOSITORY}/frontend": {"delete": {"count": 0, "bytes": 0}, "keep": {"count": 1, "bytes": 1000}},
        },
    }


def test_the_same_versions_in_another_order_print_the_same_bytes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """For a comparison of two days."""
    texts = []
    for items in (listing(), listing()[::-1]):
        assert simulated(tmp_path, items, "--format", "json") == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


def test_text_is_a_table_for_each_package_and_the_totals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For a person, with what the declaration makes of it."""
    assert simulated(tmp_path, listing()) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{BACKEND}: 7 versions, delete 1 (1.5 MB), keep 6 (6.0 kB)"
    assert lines[1].split() == ["ACTION", "UPLOADED", "VERSION", "POLICY", "TAGS"]
    assert lines[7].split() == [
        "delete",
        "2025-10-16T12:00:00Z",
        digest_of("old")[:19],
        "delete-older-than-30-days",
        "v1",
    ]
    assert lines[-2] == "Total: 8 versions, delete 1 (1.5 MB), keep 7 (7.0 kB)"
    assert lines[-1] == "Declared: cleanup_dry_run is true: cleanup logs this and deletes nothing."


def test_text_says_when_cleanup_really_deletes(tmp_path: Path) -> None:
    """And a version without tags or policy has dashes."""
    decisions = decide(read_images(write_json(tmp_path, [item("a")])), (), NOW)
    text = simulation_text(decisions, dry_run=False)
    assert text.endswith("Declared: cleanup_dry_run is false: cleanup deletes this within a day.\n")
    assert text.splitlines()[2].split()[-2:] == ["-", "-"]


@pytest.mark.parametrize(
    ("size_bytes", "text"),
    [(0, "0 B"), (999, "999 B"), (1000, "1.0 kB"), (1_234_567, "1.2 MB"), (10**10, "10.0 GB"), (10**16, "10000.0 TB")],
)
def test_sizes_are_written_for_people(size_bytes: int, text: str) -> None:
    """Powers of 1000."""
    assert size_text(size_bytes) == text


def test_an_empty_list_is_fine(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing to delete is no mistake."""
    assert simulated(tmp_path, [], "--format", "json") == 0
    out = json.loads(capsys.readouterr().out)
    empty = {"count": 0, "bytes": 0}
    assert out == {"versions": [], "totals": {"delete": empty, "keep": empty, "packages": {}}}
    assert simulated(tmp_path, []) == 0
    assert capsys.readouterr().out.startswith("Total: 0 versions, delete 0 (0 B), keep 0 (0 B)\n")


def test_a_stack_without_a_registry_names_the_stack_that_owns_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Both stacks share one."""
    assert run(["cleanup", "simulate", "staging", "--images", str(write_json(tmp_path, []))]) == 1
    said = capsys.readouterr().err
    assert "Pulumi.staging.yaml: readiness:image_registry: declares no image registry" in said
    assert "Name the stack prod, which owns it." in said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("2025-11-25T12:00:00", "--now has no time zone."),
        ("yesterday", "--now is no RFC 3339 time."),
        ("2025-11-25", "--now is no RFC 3339 time."),
        ("2025-13-01T00:00:00Z", "--now is no time that exists."),
    ],
)
def test_an_instant_without_its_zone_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, said: str
) -> None:
    """Ages would be wrong by up to a day."""
    images = tmp_path / "images.json"
    images.write_text("[]", encoding="utf-8")
    assert run(["cleanup", "simulate", "prod", "--images", str(images), "--now", text]) == 1
    assert f"error: {said} Write it as 2025-10-17T08:00:00Z." in capsys.readouterr().err


def test_without_a_list_the_command_that_writes_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """With the stack's own names in it."""
    assert run(["cleanup", "simulate", "prod"]) == 1
    command = f"gcloud artifacts docker images list {REPOSITORY} --include-tags --format=json > images.json\n"
    assert command in capsys.readouterr().err


def test_a_broken_list_ends_with_status_1_and_every_mistake(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On stderr; stdout stays empty for who reads it."""
    assert simulated(tmp_path, [item("a", tags=1), item("b", createTime="x")], "--format", "json") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("error: ") == 2


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ([item("a", tags="")], "has no version with a tag. List the images with --include-tags"),
        (
            [item("a", package="us-docker.pkg.dev/other/repo/backend", tags=("v",))],
            f"lists us-docker.pkg.dev/other/repo, but the stack declares {REPOSITORY}. List the declared repository.",
        ),
        (
            [item("a", tags=("v",)), item("b", name="backend-migrate")],
            "keep-recent-backend matches the packages backend, backend-migrate.",
        ),
        ([item("a", name="worker", tags=("v",))], "no policy keeps the newest versions of worker."),
        (
            [item("a", tags=("v",), metadata={"mediaType": INDEX})],
            "has image indexes (1 in backend), whose manifests count as separate versions.",
        ),
    ],
)
def test_a_simulation_warns_of_what_makes_it_doubtful(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], items: list[dict[str, Any]], said: str
) -> None:
    """A warning on stderr; the simulation stands."""
    assert simulated(tmp_path, items) == 0
    captured = capsys.readouterr()
    assert f"images.json: {said}" in captured.err
    assert captured.err.count("warning: ") == 1
    assert captured.out


def test_a_usual_list_is_no_occasion_for_a_warning(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is always said is never read."""
    assert simulated(tmp_path, listing()) == 0
    assert capsys.readouterr().err == ""


def test_names_without_a_repository_are_those_of_the_declared_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`backend` by itself, as a list that was cut down with --format may have it."""
    assert simulated(tmp_path, [item("a", package="backend", tags=("v",))]) == 0
    assert capsys.readouterr().err == ""


def test_without_a_policy_that_deletes_nothing_is_missed() -> None:
    """A package that no policy counts loses nothing either."""
    versions = [version("a", age_days=40, package=f"{REPOSITORY}/worker", tags=("v",))]
    keeping = [policy for policy in prod_policies() if policy.action == KEEP]
    assert list(observations(versions, keeping, REPOSITORY)) == []


def test_ten_thousand_versions_are_all_in_the_text(tmp_path: Path) -> None:
    """From the file to the text. How long that takes is measured by `make bench`."""
    items = [item(index, age_days=index / 70, tags=(f"sha{index}",)) for index in range(10_000)]
    path = write_json(tmp_path, items)
    text = simulation_json(decide(read_images(path), prod_policies(), NOW))
    assert text.count('"action"') == 10_000
