"""Checks on GitHub: the protected environment, the branch ruleset and the managed files, compared with the declared."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from readiness.alerts.runbook_address import RUNBOOK_FOLDER
from readiness.delivered.http_client import NoAnswerError
from readiness.live.github_api import GitHub
from readiness.live.github_gate import gate_differences
from readiness.live.repository_files import file_differences, left_over_files, live_tree
from readiness.live.rows import NotCheckedError, Outcome, Row, count, failed, not_checked, passed
from readiness.live.web import Deadline, probe
from readiness.settings.github import ProductionEnvironment

ENVIRONMENT, RULESET, FILES = "environment protection", "branch ruleset", "managed files"
DOCUMENTS, RUNBOOK_LINK = "documents", "runbook link"

Inputs = Mapping[str, Any]


def gate_rows(github: GitHub, settings: ProductionEnvironment) -> list[Row]:
    """A row for each difference, weaker ones first; without a difference, one that passes. Raises GitHubError."""
    rows = []
    for difference in gate_differences(github, settings):
        weaker = ": it protects less than declared" if difference.weaker else ""
        text = f"{difference.what}: declared {difference.declared}, live {difference.live}{weaker}"
        rows.append(failed(ENVIRONMENT, difference.environment, text))
    return rows or [passed(ENVIRONMENT, settings.name, "as declared")]


def file_rows(github: GitHub, files: Mapping[str, str], branch: str) -> list[Row]:
    """A row for each managed file that differs on the branch, or one that passes. Raises GitHubError."""
    differences = file_differences(github, files, ref=branch)
    rows = [failed(FILES, file.path, str(file.state), "see `readiness deliver`") for file in differences]
    return rows or [passed(FILES, f"{len(files)} files", f"as declared on {branch}")]


def document_rows(github: GitHub, documents: Mapping[str, str], branch: str, stack: str) -> list[Row]:
    """A row for each document that differs on the branch or is left over, or one that passes. Raises GitHubError."""
    tree = live_tree(github, branch)
    differences = file_differences(github, documents, ref=branch, tree=tree)
    differences += left_over_files(github, documents, folder=RUNBOOK_FOLDER, ref=branch, tree=tree)
    hint = f"Run `readiness deliver {stack}`, and merge its pull request"
    rows = [failed(DOCUMENTS, document.path, str(document.state), hint) for document in differences]
    return rows or [passed(DOCUMENTS, f"{len(documents)} documents", f"as declared on {branch}")]


def runbook_link_rows(
    url: str, subject: str, github: Callable[[], GitHub], *, stack: str, deadline: Deadline
) -> list[Row]:
    """Whether the page that a notification links to opens. `github` returns the application's repository.

    For a page of a private repository, GitHub answers 404 without a login, so this also asks its API.
    Raises NotCheckedError if no answer came or the page requires a login, and GitHubError.
    """
    try:
        answer = probe(url, deadline)
    except NoAnswerError as error:
        raise NotCheckedError(f"{url}: {error}") from None
    if answer.status in (401, 403) or 300 <= answer.status < 400:
        raise NotCheckedError(f"{url} answers {answer.status}: it is not known whether the page exists behind a login")
    if answer.status == 200:
        return [passed(RUNBOOK_LINK, subject, f"{url} opens")]
    hint = f"Turn on managed_files.documents, run `readiness deliver {stack}`, and merge its pull request; or correct"
    missing = failed(RUNBOOK_LINK, subject, f"{url} answers {answer.status}", f"{hint} readiness:runbook.url")
    if answer.status != 404:
        return [missing]
    try:
        there = _is_in_repository(github(), url)
    except NotCheckedError as unknown:
        return [missing, not_checked(RUNBOOK_LINK, subject, f"whether it opens after a login: {unknown}")]
    return (
        [passed(RUNBOOK_LINK, subject, f"{url} opens for users who can read {github().name}")] if there else [missing]
    )


def _is_in_repository(github: GitHub, url: str) -> bool:
    """Whether `https://github.com/OWNER/NAME/blob/BRANCH/PATH` is a file of the repository."""
    start = f"https://github.com/{github.name}/blob/"
    branch, _slash, path = url.removeprefix(start).partition("/")
    return url.startswith(start) and github.get(f"contents/{path}?ref={branch}") is not None


def ruleset_rows(github: GitHub, declared: Inputs) -> list[Row]:
    """A row for each difference, or one that passes. `declared` are the plan's inputs. Raises GitHubError.

    GitHub shows who may bypass a ruleset only to tokens with write access. For other tokens a row says so.
    """
    name = declared["name"]
    found = [ruleset for ruleset in github.items("rulesets?includes_parents=false") if ruleset["name"] == name]
    if len(found) != 1:
        return [failed(RULESET, name, "is missing" if not found else f"{len(found)} live rulesets have this name")]
    live = github.get(f"rulesets/{found[0]['id']}") or {}
    rows = [
        failed(RULESET, name, f"{what}: declared {_shown(wanted)}, live {_shown(is_)}")
        for what, wanted, is_ in _compared(declared, live)
        if wanted != is_
    ]
    if "bypass_actors" not in live:
        rows.append(
            not_checked(
                RULESET,
                name,
                "who may bypass it: GitHub shows that only to a token with write access to this repository",
            )
        )
    return rows if count(rows, Outcome.FAIL) else [passed(RULESET, name, "as declared"), *rows]


def _compared(declared: Inputs, live: Inputs) -> Iterator[tuple[str, Any, Any]]:
    """`(what, declared, live)` of everything that the program declares; GitHub's defaults are not compared."""
    rules = {rule["type"]: rule.get("parameters", {}) for rule in live.get("rules", [])}
    wanted = declared["rules"]
    yield "enforcement", declared["enforcement"], live.get("enforcement")
    live_names = live.get("conditions", {}).get("ref_name", {})
    names = declared["conditions"]["refName"]
    yield "branches", sorted(names["includes"]), sorted(live_names.get("include", []))
    yield "excepted branches", sorted(names.get("excludes", [])), sorted(live_names.get("exclude", []))
    yield "deletion refused", bool(wanted.get("deletion")), "deletion" in rules
    yield "force push refused", bool(wanted.get("nonFastForward")), "non_fast_forward" in rules
    pull, wanted_pull = rules.get("pull_request"), wanted.get("pullRequest")
    yield "pull request required", wanted_pull is not None, pull is not None
    if pull is not None and wanted_pull is not None:
        approvals, stale = "required_approving_review_count", "dismiss_stale_reviews_on_push"
        yield "approvals", wanted_pull.get("requiredApprovingReviewCount", 0), pull.get(approvals, 0)
        yield "stale approvals dismissed", wanted_pull.get("dismissStaleReviewsOnPush", False), pull.get(stale)
    wanted_checks = wanted.get("requiredStatusChecks", {}).get("requiredChecks", [])
    checks = rules.get("required_status_checks", {}).get("required_status_checks", [])
    yield "required checks", _apps(wanted_checks, "integrationId"), _apps(checks, "integration_id")
    if "bypass_actors" in live:
        wanted_actors = declared.get("bypassActors") or ()
        yield (
            "bypass actors",
            sorted(f"{actor['actorType']} {actor.get('actorId')}" for actor in wanted_actors),
            sorted(f"{actor['actor_type']} {actor.get('actor_id')}" for actor in live["bypass_actors"]),
        )


def _apps(checks: list[Inputs], key: str) -> list[str]:
    return sorted(f"{check['context']} (app {check.get(key)})" for check in checks)


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return str(value)
