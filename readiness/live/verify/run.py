"""Which checks a stack has, and how they run: all at once, within one time limit, however slow a server is.

A stack has checks for everything that it declares, and none for resources that another stack owns. The threads are
daemons: a thread that waits for a very slow server does not keep the process alive.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from readiness.alerts.rules import rules_of
from readiness.delivered.declared_files import declared_files
from readiness.finding import RefusedError
from readiness.live.application import Account
from readiness.live.github_api import GitHub
from readiness.live.google_api import Google
from readiness.live.google_login import LoginError
from readiness.live.rows import FailedError, NotCheckedError, Row, cleaned, failed, on_one_line, row_of_error
from readiness.live.verify import github, google, service, smoke
from readiness.live.web import Deadline
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, CHANNEL, RULESET
from readiness.settings.model import Service, Settings

MAX_THREADS = 32
NO_GITHUB = "no GitHub token: set GITHUB_TOKEN to a token that may read this repository's environments and rulesets"
NO_ACCOUNT = "the smoke test needs a test account: set READINESS_SMOKE_EMAIL and READINESS_SMOKE_PASSWORD"

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Check:
    """One check: `find` runs it and returns its rows."""

    check: str
    subject: str
    find: Callable[[Deadline], Sequence[Row]]


class _Once(Generic[Found]):
    """A value that takes seconds to find: the first thread finds it, the others get the same value or error."""

    def __init__(self, find: Callable[[], Found]) -> None:
        self._find, self._lock = find, threading.Lock()
        self._found: Future[Found] = Future()

    def get(self) -> Found:
        """The value; raises the error of the search."""
        with self._lock:
            if not self._found.done():
                try:
                    self._found.set_result(self._find())
                except Exception as error:
                    self._found.set_exception(error)
        return self._found.result()


class Access:
    """Google and GitHub for one stack. A login may take seconds: it happens in a check's thread, and once."""

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        project: str,
        provider_values: Mapping[str, Any],
        owner: str,
        repository: str,
    ) -> None:
        self._github = GitHub.from_environment(environment, owner=owner, repository=repository)
        self._google = _Once(
            lambda: Google.from_environment(environment, project=project, provider_values=provider_values)
        )
        self._sees_repository = _Once(lambda: self._github.get("") is not None)

    def google(self) -> Google:
        """The project's APIs. Raises NotCheckedError without credentials that work."""
        try:
            return self._google.get()
        except LoginError as missing:
            raise NotCheckedError(str(missing)) from None

    def github(self) -> GitHub:
        """The application's repository. Raises NotCheckedError without a token, or without access; GitHubError.

        Without access, GitHub hides parts of a repository, so a part that is not visible need not be missing.
        """
        if self._github.token is None:
            raise NotCheckedError(NO_GITHUB)
        if not self._sees_repository.get():
            raise NotCheckedError(f"the GitHub token has no access to {self._github.name}")
        return self._github


def checks_of(
    settings: Settings,
    plan: Plan,
    access: Access,
    *,
    allow_degraded: bool,
    with_smoke: bool,
    account: Account | None,
    now: datetime,
    documents: Callable[[], Mapping[str, str]] | None = None,
) -> list[Check]:
    """Every check, in the order of the report. `account` is for the smoke test; `now` for the age of certificates.

    `documents` makes the documents of the application's repository, and raises RefusedError; None without delivery.
    """
    return [
        *(check for checked in settings.services for check in _of_service(checked, settings, allow_degraded, now)),
        *(_smoke_checks(settings, account) if with_smoke else ()),
        *_of_monitoring(settings, plan, access),
        *_of_what_is_shared(settings, plan, access),
        *_of_documents(settings, plan.stack, access, documents),
    ]


def run_checks(
    checks: Sequence[Check], deadline: Deadline, *, done: Callable[[int, int], None] = lambda finished, total: None
) -> list[Row]:
    """The rows of every check in the order of `checks`; `done(finished, total)` is called as each one ends.

    It returns at the deadline at the latest: a check without a result by then fails.
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
            results.put((index, _rows_of(checks[index], deadline)))

    for _ in range(min(MAX_THREADS, len(checks))):
        threading.Thread(target=work, daemon=True).start()
    late = f"no result within {deadline.seconds:g} s"
    found: list[Sequence[Row]] = [(failed(check.check, check.subject, late),) for check in checks]
    for finished in range(1, len(checks) + 1):
        try:
            index, found_rows = results.get(timeout=deadline.request_seconds())
        except queue.Empty:
            break
        found[index] = found_rows
        done(finished, len(checks))
    return [row for found_rows in found for row in found_rows]


def _rows_of(check: Check, deadline: Deadline) -> Sequence[Row]:
    try:
        rows = check.find(deadline)
    except Exception as error:
        rows = [row_of_error(check.check, check.subject, error)]
    return [cleaned(row, on_one_line) for row in rows]


def _of_service(checked: Service, settings: Settings, allow_degraded: bool, now: datetime) -> Iterator[Check]:
    name, limit_ms = checked.name, settings.alerts.high_latency.latency_ms
    health = partial(service.service_rows, checked, limit_ms, allow_degraded=allow_degraded)
    yield Check(service.HEALTH, name, health)
    yield Check(service.CERTIFICATE, name, partial(service.certificate_rows, name, checked.url, now=now))
    yield Check(service.REDIRECT, name, partial(service.redirect_rows, checked))


def _smoke_checks(settings: Settings, account: Account | None) -> Iterator[Check]:
    for checked in settings.services:
        if checked.smoke is not None:
            yield Check(smoke.LOGIN, checked.name, partial(_smoke, checked, account))


def _smoke(checked: Service, account: Account | None, deadline: Deadline) -> list[Row]:
    if account is None:
        raise FailedError(NO_ACCOUNT)
    return smoke.smoke_rows(checked, account, deadline)


def _of_monitoring(settings: Settings, plan: Plan, access: Access) -> Iterator[Check]:
    policies = [policy["inputs"] for policy in plan.of_type(ALERT_POLICY)]
    channels = [channel["inputs"] for channel in plan.of_type(CHANNEL)]
    existing = [channel.id for channel in settings.channels.existing]
    declared = f"{len(policies)} declared"
    yield Check(google.POLICIES, declared, lambda _: google.policy_rows(access.google(), policies))
    declared = f"{len(channels) + len(existing)} declared"
    yield Check(google.CHANNELS, declared, lambda _: google.channel_rows(access.google(), channels, existing))


def _of_what_is_shared(settings: Settings, plan: Plan, access: Access) -> Iterator[Check]:
    """The registry and the repository; only the settings of the stack that owns them name them."""
    if settings.image_registry is not None:
        name = settings.image_registry.repository_id
        yield Check(google.SCANNING, name, lambda _: google.scanning_rows(access.google(), settings.region, name))
    environment = settings.production_environment
    if environment is not None:
        yield Check(github.ENVIRONMENT, environment.name, lambda _: github.gate_rows(access.github(), environment))
    for ruleset in plan.of_type(RULESET):
        inputs = ruleset["inputs"]
        yield Check(
            github.RULESET, inputs["name"], lambda _, inputs=inputs: github.ruleset_rows(access.github(), inputs)
        )
    files, branch = declared_files(plan.resources), settings.managed_files.default_branch
    if files:
        yield Check(github.FILES, f"{len(files)} files", lambda _: github.file_rows(access.github(), files, branch))


def _of_documents(
    settings: Settings, stack: str, access: Access, documents: Callable[[], Mapping[str, str]] | None
) -> Iterator[Check]:
    """The documents in the application's repository, and the page to which notifications link."""
    if documents is not None:
        branch = settings.managed_files.default_branch
        yield Check(
            github.DOCUMENTS,
            "runbook and pages",
            lambda _: github.document_rows(access.github(), _made(documents), branch, stack),
        )
    rule = rules_of(settings)[0]
    link = partial(github.runbook_link_rows, rule.runbook_url, rule.definition.name, access.github, stack=stack)
    yield Check(github.RUNBOOK_LINK, rule.definition.name, lambda deadline: link(deadline=deadline))


def _made(documents: Callable[[], Mapping[str, str]]) -> Mapping[str, str]:
    """The documents, which are made from all stacks: a mistake in another stack is no failure of this stack."""
    try:
        return documents()
    except RefusedError as refusal:
        problems = list(refusal.problems)
        raise NotCheckedError(f"`readiness check` refuses a stack of the project: {problems[0].message}") from None
