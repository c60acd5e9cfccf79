"""One issue for each critical or high finding of what serves, against a loopback GitHub."""

from __future__ import annotations

import dataclasses
import json
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from readiness.delivered.apis import PAGE_SIZE, Apis
from readiness.delivered.image_upkeep.__main__ import main
from readiness.delivered.image_upkeep.issues import AUTHOR, MAX_OPENED, track
from readiness.delivered.image_upkeep.settings import Accepted
from readiness.delivered.image_upkeep.vulnerabilities import Finding, read_report
from tests.delivered.fake_google import Played, settings_for
from tests.delivered.test_scan_gate import BACKEND, CLEAN
from tests.live.loopback import Reply, Request
from tests.pinned_clock import NOW, TODAY

FOUND: dict[str, list[Finding]] = {"api": read_report(BACKEND), "web": []}
NOTHING: dict[str, list[Finding]] = {"api": [], "web": []}
REPOSITORY = "repos/shop/app"


@dataclass
class FakeGitHub(Played):
    """The issues of a repository, and what was commented; the newest comes first."""

    requests: list[Request] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    comments: list[tuple[int, str]] = field(default_factory=list)

    def open_issue(self, **fields: Any) -> dict[str, Any]:
        """Adds an issue."""
        user = {"login": fields.pop("author", AUTHOR)}
        issue = {"number": len(self.issues) + 1, "state": "open", "user": user, **fields}
        self.issues.append(issue)
        return issue

    def answer(self, request: Request) -> Reply:
        """Whatever the program asks."""
        parts = urlsplit(request.path)
        if parts.path == f"{REPOSITORY}/issues" and request.method == "GET":
            return self._list(parts.query)
        if parts.path == f"{REPOSITORY}/issues":
            return Reply(201, self.open_issue(**request.body))
        if found := re.fullmatch(rf"{REPOSITORY}/issues/(\d+)/comments", parts.path):
            self.comments.append((int(found[1]), request.body["body"]))
            return Reply(201, {})
        if found := re.fullmatch(rf"{REPOSITORY}/issues/(\d+)", parts.path):
            self.issues[int(found[1]) - 1].update(request.body)
            return Reply(body={})
        return Reply(404, {"message": "Not Found"})

    def _list(self, query: str) -> Reply:
        assert "state=all" in query, "a closed issue that is overlooked is opened a second time"
        assert "labels=vulnerability" in query
        page, size = (int(parse_qs(query)[name][0]) for name in ("page", "per_page"))
        newest = sorted(self.issues, key=lambda issue: -issue["number"])
        return Reply(body=newest[(page - 1) * size : page * size])


def run(fake: FakeGitHub, found: Mapping[str, list[Finding]], *accepted: Accepted) -> list[str]:
    """One run, and what it did."""
    apis = Apis(project="p", log="l", repository="shop/app", github_token="ghs_x", send_once=fake)  # noqa: S106 - no real one
    return track(apis, found, accepted, TODAY)


def test_each_critical_and_high_has_an_issue_the_worst_first() -> None:
    """With the package, what mends it, and where it is."""
    fake = FakeGitHub()
    done = run(fake, FOUND)
    assert done == [
        "opened #1 CVE-2024-45490 pkg:deb/debian/libexpat1",
        "opened #2 CVE-2023-45853 pkg:deb/debian/zlib1g",
        "opened #3 CVE-2024-33663 pkg:pypi/python-jose",
    ]
    first, second, _ = fake.issues
    assert first["title"] == "CVE-2024-45490 (critical) in deb/debian/libexpat1"
    assert first["labels"] == ["vulnerability"]
    assert "Update the package to `2.5.0-1+deb12u1`." in first["body"]
    assert "| `api` | `backend (debian 12.11)` | `2.5.0-1` | `2.5.0-1+deb12u1` |" in first["body"]
    assert "No version fixes it yet." in second["body"]


def test_a_second_run_with_the_same_findings_does_nothing() -> None:
    """Over all pages of issues."""
    fake = FakeGitHub()
    run(fake, FOUND)
    for number in range(PAGE_SIZE):
        fake.open_issue(title=str(number), body="", author="ada")
    assert run(fake, FOUND) == []
    assert len(fake.issues) == 3 + PAGE_SIZE


def test_one_vulnerability_in_two_services_is_one_issue() -> None:
    """With a row for each."""
    fake = FakeGitHub()
    run(fake, {"api": FOUND["api"], "web": FOUND["api"][:1]})
    assert len(fake.issues) == 3
    assert "| `web` |" in fake.issues[0]["body"]


def test_the_issue_of_a_fixed_vulnerability_is_closed_with_the_reason() -> None:
    """And only that."""
    fake = FakeGitHub()
    run(fake, FOUND)
    assert run(fake, {"api": FOUND["api"][1:]}) == ["closed #1 CVE-2024-45490 pkg:deb/debian/libexpat1"]
    assert [issue["state"] for issue in fake.issues] == ["closed", "open", "open"]
    assert fake.comments == [(1, "The vulnerability is no longer found in a serving image.")]


def test_what_is_accepted_is_closed_with_its_reason_and_day() -> None:
    """Once the day has come it is opened again."""
    fake = FakeGitHub()
    run(fake, FOUND)
    entry = Accepted(
        id="CVE-2024-45490", package="pkg:deb/debian/libexpat1", reason="never parses", expires=date(2026, 12, 1)
    )
    assert run(fake, FOUND, entry) == ["closed #1 CVE-2024-45490 pkg:deb/debian/libexpat1"]
    assert fake.comments == [(1, "The vulnerability is accepted until 2026-12-01: `never parses`")]
    expired = dataclasses.replace(entry, expires=TODAY)
    assert run(fake, FOUND, expired) == ["reopened #1 CVE-2024-45490 pkg:deb/debian/libexpat1"]
    assert fake.issues[0]["state"] == "open"


def test_an_issue_that_a_person_closed_comes_back_while_it_is_found() -> None:
    """Closing it mends nothing."""
    fake = FakeGitHub()
    run(fake, FOUND)
    fake.issues[1]["state"] = "closed"
    assert run(fake, FOUND) == ["reopened #2 CVE-2023-45853 pkg:deb/debian/zlib1g"]
    assert len(fake.issues) == 3


def test_what_people_wrote_is_never_touched() -> None:
    """The marker alone is not enough: an issue, and a pull request, of somebody else stay as they are."""
    fake = FakeGitHub()
    marker = "<!-- readiness vulnerability CVE-2000-1 pkg:npm/x -->"
    fake.open_issue(title="mine", body=f"{marker}\nmine", author="ada")
    fake.open_issue(title="pull", body=marker, pull_request={})
    fake.open_issue(title="no text", body=None)
    assert run(fake, NOTHING) == []
    assert [issue["state"] for issue in fake.issues] == ["open"] * 3


def test_a_flood_is_opened_in_parts() -> None:
    """A first scan may find hundreds; nobody reads so many at once, and GitHub limits them."""
    many = [dataclasses.replace(FOUND["api"][0], ids=(f"CVE-2026-{1000 + n}",)) for n in range(MAX_OPENED + 3)]
    fake = FakeGitHub()
    assert run(fake, {"api": many})[-1] == "the next runs open 3 more"
    assert len(fake.issues) == MAX_OPENED
    run(fake, {"api": many})
    assert len(fake.issues) == MAX_OPENED + 3


def test_what_a_report_says_cannot_leave_its_place_in_the_text() -> None:
    """Titles of advisories are written by strangers."""
    evil = dataclasses.replace(FOUND["api"][0], title="`@everyone` <!-- x -->\n# big", where="a|b")
    fake = FakeGitHub()
    run(fake, {"api": [evil]})
    body = fake.issues[0]["body"]
    assert "`'@everyone' <!-- x --> # big` is in a serving image" in body
    assert "| `a/b` |" in body


def test_the_command_tracks_only_when_every_image_has_a_report(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An image whose scan failed would look mended."""
    fake = FakeGitHub()
    run(fake, FOUND)
    images = [{"service": name, "image": "i", "name": name} for name in ("api", "web")]
    shutil.copy(CLEAN, tmp_path / "api.json")
    environment = {"GITHUB_TOKEN": "ghs_x", "GITHUB_REPOSITORY": "shop/app", "IMAGES": json.dumps(images)}
    arguments = ["issues", "--reports", str(tmp_path)]
    assert main(arguments, environment, NOW, settings_for(), fake) == 1
    assert {issue["state"] for issue in fake.issues} == {"open"}
    shutil.copy(CLEAN, tmp_path / "web.json")
    assert main(arguments, environment, NOW, settings_for(), fake) == 0
    assert {issue["state"] for issue in fake.issues} == {"closed"}
    assert "closed #3" in capsys.readouterr().out
