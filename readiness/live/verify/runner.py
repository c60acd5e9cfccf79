"""Runs all checks at once, within one time limit, whatever a server does.

The threads are daemons: one that hangs on a server which sends a byte now and then does not keep the process alive.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from readiness.delivered.http_client import NoAnswerError
from readiness.live.github_api import GitHubError
from readiness.live.google_api import GoogleError
from readiness.live.verify.deadline import Deadline
from readiness.live.verify.rows import NotCheckedError, Row, failed, not_checked, on_one_line

MAX_THREADS = 32
# A 403 that is no answer about the credentials: Google's words for an API that was never enabled, GitHub's for too
# many requests.
_OTHER_REFUSALS = ("has not been used in project", "it is disabled", "rate limit")


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """Something to look at: `find` returns its rows."""

    check: str
    subject: str
    find: Callable[[Deadline], Sequence[Row]]


def run_checks(
    checks: Sequence[Check], deadline: Deadline, *, done: Callable[[int, int], None] = lambda finished, total: None
) -> list[Row]:
    """The rows of every check in the order of `checks`; `done(finished, total)` is called as each one ends.

    Returns at the deadline at the latest: a check that has no result by then has failed.
    """
    waiting: queue.SimpleQueue[int] = queue.SimpleQueue()
    results: queue.SimpleQueue[tuple[int, Sequence[Row]]] = queue.SimpleQueue()
    for index in range(len(checks)):
        waiting.put(index)

    def work() -> None:
        while True:
            try:
                index = waiting.get_nowait()
            except queue.Empty:
                return
            results.put((index, [on_one_line(row) for row in _rows_of(checks[index], deadline)]))

    for _ in range(min(MAX_THREADS, len(checks))):
        threading.Thread(target=work, daemon=True).start()
    found: dict[int, Sequence[Row]] = {}
    while len(found) < len(checks):
        try:
            index, rows = results.get(timeout=deadline.request_seconds())
        except queue.Empty:
            break
        found[index] = rows
        done(len(found), len(checks))
    late = f"no result within {deadline.seconds:g} s"
    return [
        row for i, each in enumerate(checks) for row in found.get(i, (failed(each.check, each.subject, late),))
    ]  # fmt: skip


def _rows_of(check: Check, deadline: Deadline) -> Sequence[Row]:
    try:
        return check.find(deadline)
    except NotCheckedError as reason:
        return [not_checked(check.check, check.subject, str(reason))]
    except (GoogleError, GitHubError) as error:
        refused = error.status in (401, 403) and not any(words in str(error) for words in _OTHER_REFUSALS)
        if refused:
            return [not_checked(check.check, check.subject, f"the credentials may not read it: {error}")]
        return [failed(check.check, check.subject, str(error))]
    except NoAnswerError as error:
        return [failed(check.check, check.subject, str(error))]
    except Exception as error:
        return [failed(check.check, check.subject, f"the answer has an unknown form ({type(error).__name__})")]
