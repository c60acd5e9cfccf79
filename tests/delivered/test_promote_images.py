"""Promotion against a loopback Cloud Run and Artifact Registry: what serves and what a rollback needs gets the tags."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from readiness.delivered.apis import ApiError
from readiness.delivered.image_upkeep.cloud_run import StateError
from readiness.delivered.image_upkeep.promote import promote
from readiness.settings.protected_tags import PROTECTED_TAGS
from tests.delivered.fake_google import FakeGoogle, digest

LATEST = ("production-latest", "production-latest-serving")


def two_services(*, package: str = "backend") -> FakeGoogle:
    """A backend and a frontend, each with two revisions of which the second serves."""
    fake = FakeGoogle()
    for offset, (name, image) in enumerate((("api", package), ("web", "frontend"))):
        service = fake.service(name, image)
        service.deploy(digest(10 * offset + 1), 1)
        service.deploy(digest(10 * offset + 2), 2)
    return fake


def tags_of(fake: FakeGoogle, package: str = "backend") -> dict[str, str]:
    """The tags of a package."""
    return {tag: digest_ for (owner, tag), digest_ in fake.tags.items() if owner == package}


def test_the_first_run_tags_what_serves_and_what_served_before() -> None:
    """Bootstrap: no tag of production exists, and both packages have all of theirs afterwards."""
    fake = two_services()
    promote(fake.apis(), fake.settings(), dry_run=False)
    for package, first in (("backend", 1), ("frontend", 11)):
        tags = tags_of(fake, package)
        assert {tags[tag] for tag in LATEST} == {digest(first + 1)}
        assert {digest_ for tag, digest_ in tags.items() if tag not in LATEST} == {digest(first)}


def test_cleanup_keeps_every_tag_that_a_promotion_sets() -> None:
    """Each begins with a protected tag. The program is delivered by itself, so that it cannot import their list."""
    fake = two_services()
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert tags_of(fake), "nothing was compared"
    assert [tag for tag in tags_of(fake) if not tag.startswith(PROTECTED_TAGS)] == []


def test_a_promotion_moves_both_roles() -> None:
    """What served becomes the rollback target, wherever the tags were."""
    fake = two_services()
    promote(fake.apis(), fake.settings(), dry_run=False)
    fake.services["api"].deploy(digest(3), 3)
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert tags_of(fake)["production-latest"] == digest(3)
    assert tags_of(fake)["production-previous"] == digest(2)


def test_no_tag_is_read_to_learn_what_runs() -> None:
    """production.yml has given its tag to a build that does not serve: it goes back."""
    fake = two_services()
    fake.tags["frontend", "production-latest"] = digest(99)
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert not [request for request in fake.asked("GET") if "/tags" in request.path]
    assert tags_of(fake, "frontend")["production-latest"] == digest(12)


def test_after_a_rollback_the_roles_change_places() -> None:
    """The target is what the rollback has left; what is older than both stays protected as well."""
    fake = two_services()
    api = fake.services["api"]
    api.deploy(digest(3), 3)
    api.switch(api.revision_of(digest(2)), 4)
    promote(fake.apis(), fake.settings(), dry_run=False)
    tags = tags_of(fake)
    assert (tags["production-latest"], tags["production-previous"]) == (digest(2), digest(3))
    assert tags["production-previous-older"] == digest(1)


def test_a_deployment_that_never_started_is_no_rollback_target() -> None:
    """Its image is still protected: a rollback by the list of revisions would take it."""
    fake = two_services()
    fake.services["api"].deploy(digest(9), 5, ready=False)
    promote(fake.apis(), fake.settings(), dry_run=False)
    tags = tags_of(fake)
    assert (tags["production-latest"], tags["production-previous"]) == (digest(2), digest(1))
    assert tags["production-previous-newest"] == digest(9)


def test_every_revision_with_a_part_of_the_traffic_is_tagged() -> None:
    """The greater share has production-latest, the smaller one and a tagged address tags of their own."""
    fake = two_services()
    api = fake.services["api"]
    first, second = api.revisions
    third = api.add(digest(3), 3)
    api.traffic = [
        {"revisionName": first, "percent": 10},
        {"revisionName": second, "percent": 90},
        {"revisionName": third, "tag": "try"},
    ]
    promote(fake.apis(), fake.settings(), dry_run=False)
    tags = tags_of(fake)
    assert tags["production-latest"] == digest(2)
    assert (tags["production-latest-serving-2"], tags["production-latest-serving-3"]) == (digest(1), digest(3))


def test_the_tags_of_a_rollback_are_moved_before_those_of_what_serves() -> None:
    """A run that is cut off must not take the last tag of what served before."""
    fake = two_services()
    promote(fake.apis(), fake.settings(), dry_run=False)
    moved = [request.body["name"].rpartition("/")[2] for request in fake.asked("POST")]
    of_one = moved[: len(moved) // 2]
    assert of_one.index("production-previous") < of_one.index("production-latest-serving")
    assert of_one[-1] == "production-latest"


def test_a_refusal_stops_and_leaves_every_later_tag_where_it_was() -> None:
    """403 on one tag: what served keeps production-latest, and the run fails."""
    fake = two_services()
    fake.tags["backend", "production-latest"] = digest(1)
    fake.refused["production-latest-serving"] = 403
    with pytest.raises(ApiError, match="403 refused"):
        promote(fake.apis(), fake.settings(), dry_run=False)
    assert not [request for request in fake.asked("POST") if "serving" in request.path], "403 is no missing tag"
    assert tags_of(fake)["production-latest"] == digest(1)


@pytest.mark.parametrize("broken", ["unknown", "nothing serves", "no digest", "not listed", "unnamed"])
def test_nothing_is_moved_where_one_service_cannot_be_read(broken: str) -> None:
    """Everything is read first: the healthy service before it keeps its tags too."""
    fake = two_services()
    web = fake.services["web"]
    serving = web.traffic[0]["revisionName"]
    if broken == "unknown":
        del fake.services["web"]
    elif broken == "nothing serves":
        web.traffic = []
    elif broken == "no digest":
        web.revisions[serving]["status"]["imageDigest"] = ""
    elif broken == "not listed":
        del web.revisions[serving]
    else:
        web.traffic = [{"percent": 100}]
    both = dataclasses.replace(fake.settings(), services=("api", "web"))
    with pytest.raises((ApiError, StateError), match="web"):
        promote(fake.apis(), both, dry_run=False)
    assert not [*fake.asked("PATCH"), *fake.asked("POST")]
    assert fake.tags == {}


def test_an_image_from_elsewhere_is_refused() -> None:
    """A tag here cannot protect it; the first deployment from a public image shows it."""
    fake = two_services(package="us-docker.pkg.dev/cloudrun/container/hello")
    with pytest.raises(StateError, match="image of another registry"):
        promote(fake.apis(), fake.settings(), dry_run=False)
    assert fake.tags == {}


def test_two_services_with_different_images_of_one_package_are_refused() -> None:
    """One tag cannot hold both; with the same image it can."""
    fake = two_services()
    fake.services["web"].package = "backend"
    web = fake.services["web"]
    web.deploy(digest(5), 3)
    with pytest.raises(StateError, match="different images of backend"):
        promote(fake.apis(), fake.settings(), dry_run=False)
    assert fake.tags == {}


def test_a_package_with_a_slash_is_one_package() -> None:
    """The API wants the slash escaped."""
    fake = two_services(package="web/shop")
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert any("/packages/web%2Fshop/tags" in request.path for request in fake.requests)
    assert tags_of(fake, "web/shop")["production-latest"] == digest(2)


def test_revisions_are_read_over_all_pages() -> None:
    """A service keeps up to 1,000 of them."""
    fake = two_services()
    for number in range(30, 41):
        fake.services["api"].deploy(digest(number), number)
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert (tags_of(fake)["production-latest"], tags_of(fake)["production-previous"]) == (digest(40), digest(39))


def test_a_dry_run_moves_nothing() -> None:
    """It says what it would do."""
    fake = two_services()
    lines = promote(fake.apis(), fake.settings(), dry_run=True)
    assert fake.tags == {}
    assert any("production-latest-serving" in line for line in lines)


def test_the_command_writes_a_summary(tmp_path: Path) -> None:
    """As the workflow runs it."""
    fake, summary = two_services(), tmp_path / "summary.md"
    assert fake.run("promote", GITHUB_STEP_SUMMARY=str(summary)) == 0
    assert f"`production-latest` | `{digest(2)}`" in summary.read_text(encoding="utf-8")


def test_a_failure_is_an_annotation_without_the_token(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, no traceback."""
    fake = two_services()
    assert fake.run("promote", GOOGLE_OAUTH_ACCESS_TOKEN="ya29.wrong") == 1  # noqa: S106 - a wrong one
    out = capsys.readouterr().out
    assert "::error::promote: GET http" in out
    assert "401 who are you?" in out
    assert "ya29" not in out


def test_a_revision_that_has_no_digest_and_is_not_needed_is_passed_over() -> None:
    """Old failed revisions may have none."""
    fake = two_services()
    name = fake.services["api"].add(digest(7), 0, ready=False)
    fake.services["api"].revisions[name]["status"] = {}
    promote(fake.apis(), fake.settings(), dry_run=False)
    assert digest(7) not in tags_of(fake).values()
