"""`readiness rehearse` with and without a Cloud Run on the loopback interface, and the row of `readiness verify`."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from readiness import clock
from readiness.live.rehearsal import REHEARSALS, Rehearsal, rehearsal_rows, spoken
from readiness.live.rows import Outcome
from readiness.times import instant_text
from tests.edits import add, endpoint_lines
from tests.live.loopback import Reply, Request, serving
from tests.pinned_clock import NOW
from tests.projects import Command, Result, settings_of

TOKEN = {"GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder"}
NOBODY = {"GOOGLE_OAUTH_ACCESS_TOKEN": "", "PATH": ""}
SERVICES = [service.name for service in settings_of("staging").services]
MADE = {"old": "2026-11-01T08:00:00Z", "new": "2026-11-20T08:00:00Z"}


class CloudRun:
    """Every service of staging serves the revision `serves`, `old` or `new`; `refuses`: Google answers 403."""

    def __init__(self) -> None:
        self.serves, self.refuses = "new", False

    def answer(self, request: Request) -> Reply:
        """As the API of Cloud Run, version 2, describes a service and a revision."""
        path = re.fullmatch(r"/v2/projects/[^/]+/locations/[^/]+/services/([^/]+)(?:/revisions/(\S+))?", request.path)
        if self.refuses or path is None or path.group(1) not in SERVICES:
            return Reply(403, {"error": {"message": "Permission denied"}})
        service, revision = path.groups()
        if revision:
            return Reply(200, {"name": request.path, "createTime": MADE[revision.rpartition("-")[2]]})
        tagged = {"revision": f"{service}-other", "tag": "next"}
        return Reply(200, {"trafficStatuses": [tagged, {"revision": f"{service}-{self.serves}", "percent": 100}]})


class Stopwatch:
    """The clock of the command, which a test sets forward."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = NOW
        monkeypatch.setattr(clock, "now", lambda: self.now)

    def pass_by(self, **delta: int) -> None:
        """Time passes."""
        self.now += timedelta(**delta)


@pytest.fixture
def watch(monkeypatch: pytest.MonkeyPatch) -> Stopwatch:
    """The pinned clock, which can be set forward."""
    return Stopwatch(monkeypatch)


def record_of(project: Path) -> Path:
    """Where staging's rehearsals are recorded."""
    return REHEARSALS.path(project / "Pulumi.staging.yaml", "staging")


@contextmanager
def rehearsing(project: Path, command: Command, cloud_run: CloudRun) -> Iterator[Callable[..., Result]]:
    """The command on a project whose Cloud Run is the given one."""
    with serving(cloud_run.answer) as server:
        add(project, endpoint_lines({"cloudRunV2": f"{server.url}/v2/"}), "Pulumi.staging.yaml")

        def rehearse(*options: str, **variables: str) -> Result:
            arguments = ("rehearse", "staging", *options, "--by", "Ada")
            return command(*arguments, cwd=project, **(TOKEN | variables))

        yield rehearse


def test_a_rehearsal_records_who_when_and_how_long_as_cloud_run_saw_it(
    project: Path, command: Command, watch: Stopwatch
) -> None:
    """Begun, rolled back, ended: the record has the revisions of both times, without those that only have a tag."""
    cloud_run = CloudRun()
    with rehearsing(project, command, cloud_run) as rehearse:
        begun = rehearse()
        assert begun.status == 0, begun.text
        assert "readiness rehearse staging --served-again" in begun.out
        watch.pass_by(minutes=4, seconds=12)
        cloud_run.serves = "old"
        done = rehearse("--served-again")
    assert done.out.splitlines()[-1] == (
        "recorded: Ada rolled back in 4 min 12 s; commit records/rollback-rehearsal.staging.json"
    )
    (rehearsal,) = REHEARSALS.read(record_of(project))
    assert (rehearsal.by, rehearsal.seconds, rehearsal.evidence) == ("Ada", 252, "Cloud Run")
    assert [serving.revision for serving in rehearsal.before] == [f"{service}-new" for service in SERVICES]
    assert [serving.revision for serving in rehearsal.after] == [f"{service}-old" for service in SERVICES]


def test_the_json_form_is_the_rehearsal_as_recorded(project: Path, command: Command, watch: Stopwatch) -> None:
    """At the start and at the end, with the file to commit."""
    cloud_run = CloudRun()
    with rehearsing(project, command, cloud_run) as rehearse:
        begun = json.loads(rehearse("--format", "json").out)
        watch.pass_by(seconds=90)
        cloud_run.serves = "old"
        ended = json.loads(rehearse("--served-again", "--format", "json").out)
    assert (begun["record"], begun["by"], begun["seconds"]) == ("records/rollback-rehearsal.staging.json", "Ada", 0)
    assert begun["before"][0] == {"service": SERVICES[0], "revision": f"{SERVICES[0]}-new", "created": MADE["new"]}
    assert (ended["started"], ended["seconds"], ended["before"]) == (begun["started"], 90, begun["before"])
    assert ended["after"][0]["revision"] == f"{SERVICES[0]}-old"


@pytest.mark.parametrize("after", ["new", "later"])
def test_without_a_rollback_nothing_is_recorded(
    project: Path, command: Command, monkeypatch: pytest.MonkeyPatch, after: str
) -> None:
    """The same revision, and a newer one: users do not get the old one again. The rehearsal goes on."""
    monkeypatch.setitem(MADE, "later", "2026-11-25T08:00:00Z")
    cloud_run = CloudRun()
    with rehearsing(project, command, cloud_run) as rehearse:
        rehearse()
        before = record_of(project).read_text(encoding="utf-8")
        cloud_run.serves = after
        refused = rehearse("--served-again")
        assert refused.status == 1
        assert "shows no rollback since" in refused.err
        assert record_of(project).read_text(encoding="utf-8") == before
        cloud_run.serves = "old"
        assert rehearse("--served-again").status == 0


@pytest.mark.parametrize("refuses", [True, False])
def test_where_cloud_run_cannot_be_asked_the_persons_word_is_recorded_as_such(
    project: Path, command: Command, watch: Stopwatch, refuses: bool
) -> None:
    """Without credentials, or without the right to read."""
    cloud_run = CloudRun()
    cloud_run.refuses = refuses
    variables = TOKEN if refuses else NOBODY
    with rehearsing(project, command, cloud_run) as rehearse:
        begun = rehearse(**variables)
        assert "contains only what you report" in begun.err
        assert "placeholder" not in begun.text
        watch.pass_by(seconds=50)
        assert rehearse("--served-again", **variables).status == 0
    (rehearsal,) = REHEARSALS.read(record_of(project))
    assert (rehearsal.seconds, rehearsal.evidence, rehearsal.after) == (50, "Ada", ())


def test_a_rehearsal_that_has_not_begun_cannot_end_and_an_open_one_begins_again(
    project: Path, command: Command, watch: Stopwatch
) -> None:
    """A time that nobody noted would be invented."""
    ended = command("rehearse", "staging", "--served-again", "--by", "Ada", cwd=project, **NOBODY)
    assert ended.status == 1
    assert "contains no rehearsal that has begun. Begin with `readiness rehearse staging`, then roll back." in ended.err
    assert not record_of(project).exists()
    for _ in range(2):
        command("rehearse", "staging", "--by", "Ada", cwd=project, **NOBODY)
        watch.pass_by(hours=1)
    (rehearsal,) = REHEARSALS.read(record_of(project))
    assert rehearsal.started == instant_text(NOW + timedelta(hours=1))


@pytest.mark.parametrize("text", ["[]", '{"schema": 1, "rehearsals": [{}]}', '{"schema": 1, "drills": []}'])
def test_a_record_that_is_none_is_refused_and_kept(project: Path, command: Command, text: str) -> None:
    """It is somebody's evidence; a record of drills is none."""
    path = record_of(project)
    REHEARSALS.write(path, "staging", [])
    path.write_text(text, encoding="utf-8")
    done = command("rehearse", "staging", "--by", "Ada", cwd=project, **NOBODY)
    assert done.status == 1
    assert "is not a record of rehearsals" in done.err
    assert path.read_text(encoding="utf-8") == text


def rehearsed(started: datetime, *, is_finished: bool = True) -> Rehearsal:
    """One that took a minute, or that nobody ended."""
    text = instant_text(started)
    return Rehearsal(by="Ada", started=text, served_again=text if is_finished else "", seconds=60)


def test_the_row_of_verify_passes_for_a_recent_rehearsal_alone(tmp_path: Path) -> None:
    """None, one that was never ended, and one that is too old are "not rehearsed"; on its last day it still counts."""
    path = REHEARSALS.path(tmp_path / "Pulumi.prod.yaml", "prod")

    def row(*rehearsals: Rehearsal) -> tuple[Outcome, str]:
        REHEARSALS.write(path, "prod", rehearsals)
        (found,) = rehearsal_rows(path, "prod", 180, NOW)
        return found.outcome, found.detail

    (nothing,) = rehearsal_rows(path, "prod", 180, NOW)
    assert (nothing.outcome, nothing.detail.partition(":")[0]) == (Outcome.NOT_CHECKED, "not rehearsed")
    assert row(rehearsed(NOW, is_finished=False))[0] is Outcome.NOT_CHECKED
    last_day = NOW - timedelta(days=180)
    outcome, detail = row(rehearsed(NOW, is_finished=False), rehearsed(last_day))
    assert (outcome, detail) == (Outcome.PASS, f"Ada rolled back on {last_day:%Y-%m-%d} in 1 min 0 s (source: Ada)")
    outcome, detail = row(rehearsed(last_day - timedelta(seconds=1)))
    assert outcome is Outcome.NOT_CHECKED
    assert detail.startswith("not rehearsed for 180 days, Ada rolled back on")


def test_a_duration_is_spoken() -> None:
    """Seconds below a minute, then minutes."""
    assert [spoken(seconds) for seconds in (0, 59, 60, 3661)] == ["0 s", "59 s", "1 min 0 s", "61 min 1 s"]
