"""All checks at once, within one limit, whatever they do."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Sequence

import pytest

from readiness.delivered.http_client import NoAnswerError
from readiness.live.github_api import GitHubError
from readiness.live.google_api import GoogleError
from readiness.live.rows import NotCheckedError, Outcome, Row, passed
from readiness.live.verify.run import MAX_THREADS, Check, run_checks
from readiness.live.web import Deadline
from tests.live.verify.fake_time import FakeTime
from tests.projects import ROOT

# A hang guard: nothing here takes a hundredth of it.
HANG_SECONDS = 60


def check(subject: str, *, error: Exception | None = None, until: threading.Event | None = None) -> Check:
    """A check that waits for `until`, then passes or raises."""

    def find(_: Deadline) -> Sequence[Row]:
        if until is not None:
            until.wait(HANG_SECONDS)
        if error is not None:
            raise error
        return [passed("test", subject, "fine")]

    return Check(check="test", subject=subject, find=find)


def test_rows_come_in_the_order_of_the_checks() -> None:
    """Not in that of the answers."""
    fast_is_done = threading.Event()
    checks = [check("slow", until=fast_is_done), check("fast")]
    rows = run_checks(checks, Deadline.after(HANG_SECONDS), done=lambda *_: fast_is_done.set())
    assert [row.subject for row in rows] == ["slow", "fast"]


def test_checks_run_at_the_same_time() -> None:
    """Each waits until all have begun."""
    everyone = threading.Barrier(8, timeout=HANG_SECONDS)

    def find(_: Deadline) -> Sequence[Row]:
        everyone.wait()
        return [passed("test", "all", "fine")]

    rows = run_checks([Check(check="test", subject="all", find=find)] * 8, Deadline.after(HANG_SECONDS))
    assert {row.outcome for row in rows} == {Outcome.PASS}


def test_a_check_that_hangs_fails_at_the_limit_and_the_others_keep_their_rows() -> None:
    """The limit holds even where nothing ends by itself."""
    time, never = FakeTime(), threading.Event()
    checks = [check("hangs", until=never), check("fast")]
    rows = run_checks(checks, time.deadline(10), done=lambda *_: time.sleep(11))
    never.set()
    assert [(row.subject, row.outcome) for row in rows] == [("hangs", Outcome.FAIL), ("fast", Outcome.PASS)]
    assert rows[0].detail == "no result within 10 s"


def test_a_check_that_hangs_does_not_keep_the_process_alive() -> None:
    """The interpreter waits for threads at its end, but not for these."""
    program = """if True:
        import time
        from readiness.live.web import Deadline
        from readiness.live.verify.run import Check, run_checks
        hangs = Check(check="test", subject="hangs", find=lambda deadline: time.sleep(600))
        print(run_checks([hangs], Deadline.after(0.2))[0].detail)
    """
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, timeout=HANG_SECONDS
    )
    assert done.stdout == "no result within 0.2 s\n", done.stderr


def test_more_checks_than_threads_all_run() -> None:
    """A stack may have many services."""
    rows = run_checks([check(str(number)) for number in range(3 * MAX_THREADS)], Deadline.after(HANG_SECONDS))
    assert [row.subject for row in rows] == [str(number) for number in range(3 * MAX_THREADS)]


def test_progress_is_shown_for_every_check() -> None:
    """From one to all."""
    told: list[tuple[int, int]] = []
    run_checks(
        [check("a"), check("b")],
        Deadline.after(HANG_SECONDS),
        done=lambda finished, total: told.append((finished, total)),
    )
    assert told == [(1, 2), (2, 2)]


@pytest.mark.parametrize(
    ("error", "outcome", "says"),
    [
        (NotCheckedError("no credentials"), Outcome.NOT_CHECKED, "no credentials"),
        (
            GoogleError(403, "monitoring: 403 denied"),
            Outcome.NOT_CHECKED,
            "the credentials have no permission to read it",
        ),
        (GitHubError(401, "GET x: 401"), Outcome.NOT_CHECKED, "the credentials have no permission to read it"),
        (GoogleError(403, "API has not been used in project 1 before"), Outcome.FAIL, "has not been used"),
        (GitHubError(403, "GET x: 403 API rate limit exceeded"), Outcome.FAIL, "rate limit"),
        (GoogleError(0, "monitoring: no answer"), Outcome.FAIL, "no answer"),
        (GitHubError(500, "GET x: 500"), Outcome.FAIL, "500"),
        (NoAnswerError("no answer (timeout)"), Outcome.FAIL, "no answer"),
        (KeyError("displayName"), Outcome.FAIL, "unknown form (KeyError)"),
    ],
    ids=["lack", "403", "401", "API off", "too many", "no network", "500", "unreachable", "odd answer"],
)
def test_what_a_check_raises_becomes_a_row(error: Exception, outcome: Outcome, says: str) -> None:
    """Only what nobody here may ask is not a failure."""
    (row,) = run_checks([check("one", error=error)], Deadline.after(HANG_SECONDS))
    assert row.outcome is outcome
    assert says in row.detail


def test_a_token_in_an_error_is_masked() -> None:
    """A server may repeat what it was sent."""
    (row,) = run_checks([check("one", error=GoogleError(400, "bad ya29.secret-token"))], Deadline.after(HANG_SECONDS))
    assert row.detail == "bad [secret]"


def test_what_a_live_system_says_stays_on_its_line() -> None:
    """It neither steers the terminal nor forges a row nor fills the screen."""
    said = "HTTP/1.1 \x1b[31m\npass  health\r" + "x" * 10_000

    def find(_: Deadline) -> Sequence[Row]:
        return [passed("test", "one", said)]

    (row,) = run_checks([Check(check="test", subject="one", find=find)], Deadline.after(HANG_SECONDS))
    assert row.detail.isprintable()
    assert row.detail.startswith("HTTP/1.1  [31m pass  health xxx")
    assert len(row.detail) < 500
