"""The weekly report on a loopback audit log: what was deleted, by whom, the size of the registry, who is notified."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from readiness.delivered.apis import ApiError
from readiness.delivered.image_upkeep.deletions import deletions_filter, deletions_of
from readiness.delivered.image_upkeep.report import report, size_text
from tests.delivered.fake_google import RESOURCE, WEBHOOK, FakeGoogle, digest
from tests.live.loopback import Reply
from tests.pinned_clock import NOW

CLEANUP = "service-1@gcp-sa-artifactregistry.iam.gserviceaccount.com"
METHOD = "google.devtools.artifactregistry.v1.ArtifactRegistry."


def version(number: int, package: str = "backend") -> str:
    """A version's full name."""
    return f"{RESOURCE}/packages/{package}/versions/{digest(number)}"


def batch(hours_ago: float, *names: str, by: str = CLEANUP, **request: Any) -> dict[str, Any]:
    """An entry of a cleanup run, as the audit log writes it."""
    return {
        "timestamp": (NOW - timedelta(hours=hours_ago)).isoformat(),
        "protoPayload": {
            "methodName": f"{METHOD}BatchDeleteVersions",
            "resourceName": f"{RESOURCE}/packages/-",
            "authenticationInfo": {"principalEmail": by},
            "request": {"parent": f"{RESOURCE}/packages/-", "names": list(names), **request},
        },
    }


def by_hand(hours_ago: float, name: str, method: str = "DeleteVersion", **payload: Any) -> dict[str, Any]:
    """An entry of a person's deletion."""
    return {
        "timestamp": (NOW - timedelta(hours=hours_ago)).isoformat(),
        "protoPayload": {
            "methodName": METHOD + method,
            "resourceName": name,
            "authenticationInfo": {"principalEmail": "someone@example.net"},
            **payload,
        },
    }


def week() -> FakeGoogle:
    """Two runs, one of three and one of two versions, one that ends with a second entry."""
    fake = FakeGoogle(page_size=2)
    fake.entries = [
        batch(100, version(1), version(2)),
        batch(99.9, version(3, "web%2Fshop")),
        batch(99.8),
        batch(50, version(4), version(5)),
        batch(49.9, version(4), version(5)),
    ]
    return fake


def test_the_report_counts_each_version_once_by_package_and_run() -> None:
    """Over all pages of the log; the entry that ends an operation repeats what it deleted."""
    fake = week()
    lines, payload = report(fake.apis(), fake.settings(), NOW, count_only=False)
    assert (payload["runs"], payload["deleted_versions"], payload["largest_run_versions"]) == (2, 5, 3)
    assert payload["packages"] == {"backend": 4, "web/shop": 1}
    assert payload["over_limit"] == "no"
    assert "- versions deleted by Google's cleanup: 5 in 2 runs: backend 4, web/shop 1" in lines


def test_the_entry_is_written_with_everything_that_metrics_read() -> None:
    """One structured entry, in a log of our own."""
    fake = week()
    report(fake.apis(), fake.settings(), NOW, count_only=False)
    (written,) = fake.written
    assert written["logName"] == "projects/some-project/logs/readiness-images"
    assert written["resource"] == {"type": "global"}
    (entry,) = written["entries"]
    assert entry["severity"] == "INFO"
    assert entry["jsonPayload"]["event"] == "registry_cleanup"
    assert entry["jsonPayload"]["kind"] == "weekly"


def test_bytes_before_are_those_of_the_report_before() -> None:
    """The registry reports only its present size."""
    fake = week()
    _, first = report(fake.apis(), fake.settings(), NOW, count_only=False)
    assert (first["bytes_before"], first["bytes_after"]) == (None, 12_300_000_000)
    fake.entries.append({"timestamp": NOW.isoformat(), "jsonPayload": first})
    fake.size = 11_000_000_000
    lines, second = report(fake.apis(), fake.settings(), NOW + timedelta(days=7), count_only=False)
    assert (second["bytes_before"], second["bytes_after"]) == (12_300_000_000, 11_000_000_000)
    assert "- size: 12.3 GB before, 11.0 GB after" in lines


def test_a_run_that_deletes_more_than_allowed_is_over_the_limit() -> None:
    """The settings of the test allow three."""
    fake = week()
    fake.entries.append(batch(10, *(version(number) for number in range(20, 24))))
    lines, payload = report(fake.apis(), fake.settings(), NOW, count_only=True)
    assert payload["over_limit"] == "yes"
    assert fake.written[0]["entries"][0]["severity"] == "WARNING"
    assert "- most in one run: 4 (more than 3: check why)" in lines


def test_deletions_by_others_are_named_and_refused_ones_are_not_counted() -> None:
    """A person, a whole package, and an attempt that was refused."""
    fake = week()
    fake.entries += [
        by_hand(5, version(9)),
        by_hand(4, f"{RESOURCE}/packages/frontend", "DeletePackage"),
        by_hand(3, version(10), status={"code": 7, "message": "denied"}),
        batch(2, version(11), by="someone@example.net"),
    ]
    lines, payload = report(fake.apis(), fake.settings(), NOW, count_only=False)
    assert (payload["by_others"], payload["deleted_versions"]) == (3, 5)
    assert any("`frontend`" in line and "`someone@example.net`" in line for line in lines)


def test_a_dry_run_deleted_nothing() -> None:
    """What it would have deleted is reported separately."""
    fake = FakeGoogle(entries=[batch(5, version(1), version(2), validateOnly=True)])
    lines, payload = report(fake.apis(), fake.settings(), NOW, count_only=False)
    assert (payload["deleted_versions"], payload["dry_run_versions"], payload["runs"]) == (0, 2, 0)
    assert "- a dry run would have deleted: 2" in lines


def test_a_week_without_any_run_says_that_the_log_may_be_off() -> None:
    """Zero deletions and a blind report look the same."""
    fake = FakeGoogle()
    lines, _ = report(fake.apis(), fake.settings(), NOW, count_only=False)
    assert "- no run is in the log: is the Data Write audit log on?" in lines


def test_slack_gets_the_report_once_a_week_if_the_webhook_is_set() -> None:
    """The daily count is for the alert alone."""
    fake = week()
    report(fake.apis(webhook=WEBHOOK), fake.settings(), NOW, count_only=False)
    report(fake.apis(webhook=WEBHOOK), fake.settings(), NOW, count_only=True)
    report(fake.apis(), fake.settings(), NOW, count_only=False)
    notified = [request for request in fake.requests if request.path == "hook"]
    assert len(notified) == 1
    assert notified[0].body["text"].startswith("*Image cleanup, images*\n- versions deleted")
    assert "authorization" not in notified[0].headers, "Slack gets no token of Google's"


def test_a_revoked_webhook_is_loud_and_does_not_undo_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """The entry is written, the address is not shown."""
    fake = week()
    fake.hook = Reply(404, "no_service")
    report(fake.apis(webhook=WEBHOOK), fake.settings(), NOW, count_only=False)
    out = capsys.readouterr().out
    assert "::error::Slack: 404 no_service. Was the webhook revoked?" in out
    assert "/hook" not in out
    assert len(fake.written) == 1


def test_an_unreadable_log_fails_and_writes_nothing() -> None:
    """A report that knows nothing must not say zero."""
    fake = week()
    with pytest.raises(ApiError, match="401"):
        report(fake.apis(token="wrong"), fake.settings(), NOW, count_only=False)  # noqa: S106 - a wrong one
    assert fake.written == []
    assert fake.requests


def test_the_filter_names_the_repository_exactly_and_the_week() -> None:
    """A repository whose name begins alike is another one."""
    fake = FakeGoogle()
    report(fake.apis(), fake.settings(), NOW, count_only=False)
    asked = fake.asked("POST")[0].body
    assert asked["filter"] == deletions_filter(fake.settings(), NOW - timedelta(days=7))
    assert f'protoPayload.resourceName=~"^{RESOURCE}(/|$)"' in asked["filter"]
    assert 'timestamp>="2026-11-18T12:00:00+00:00"' in asked["filter"]


def test_entries_a_day_apart_are_two_runs() -> None:
    """Entries of one run follow each other."""
    found = deletions_of([batch(30, version(1)), batch(29.5, version(2)), batch(5, version(3))])
    assert found.runs == (2, 1)
    assert found.largest_run == 2


def test_the_command_warns_and_succeeds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A report about deletions is no failure of the report; the alert is what pages."""
    fake, summary = FakeGoogle(), tmp_path / "summary.md"
    recent = NOW - timedelta(hours=2)
    fake.entries = [{**by_hand(0, version(9)), "timestamp": recent.isoformat()}]
    assert fake.run("report", GITHUB_STEP_SUMMARY=str(summary)) == 0
    assert "::warning::More versions were deleted than expected" in capsys.readouterr().out
    assert "- by anybody else: 1" in summary.read_text(encoding="utf-8")


def test_bytes_are_shown_as_people_read_them() -> None:
    """The first customer asked for gigabytes (docs/customer/seed.md)."""
    assert [size_text(size) for size in (12_345_678_901, 99_000_000, 0)] == ["12.3 GB", "99.0 MB", "0.0 MB"]
