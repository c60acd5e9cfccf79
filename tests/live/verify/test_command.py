"""`readiness verify prod` against a whole deployment, with one thing of it broken at a time."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from readiness import clock
from readiness.cli.common import settings_of_every_stack
from readiness.delivered.header import with_page_header
from readiness.live.application_documents import application_documents
from readiness.live.github_api import GitHub
from readiness.live.verify import github as github_checks
from readiness.live.verify import service
from readiness.live.web import Deadline, Probe
from readiness.plan.offline_plan import Plan
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, add, edit
from tests.live.github_repository import Repository
from tests.live.loopback import Reply, Request
from tests.live.verify import answers
from tests.live.verify.deployment import RUNBOOK, Deployment, deployed, plan_with_reviewers, rows_in_table
from tests.projects import Command, copy_project

Break = Callable[[Deployment], Any]
# A hang guard: a server that a mistake in the code leaves waiting ends after it.
HANG_SECONDS = 60


@pytest.fixture(autouse=True)
def time_that_stands_still(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Tries follow each other at once, and on a slow machine the limit is not reached either.

    A test with the mark `real_time` is about that limit.
    """
    monkeypatch.setattr(service, "PAUSE_SECONDS", 0.01)
    if request.node.get_closest_marker("real_time") is None:
        monkeypatch.setattr(clock, "monotonic_seconds", lambda: 0.0)


@pytest.fixture(scope="module")
def plan(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of `prod` with its reviewers filled in, made once."""
    return plan_with_reviewers(copy_project(tmp_path_factory.mktemp("planned")))


@pytest.fixture
def production(project: Path, tls: ssl.SSLContext, plan: Plan, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deployment]:
    """A good deployment. The command takes the plan that is made already: it is the same one every time."""
    edit(project, PLACEHOLDERS, TWO_PEOPLE)

    def made_already(_root: Path, _stack: str) -> Plan:
        return plan

    monkeypatch.setattr("readiness.cli.verify.plan_of", made_already)
    with deployed(project, tls, plan) as world:
        yield world


def verify(command: Command, world: Deployment, *options: str, **variables: str) -> Any:
    """Runs the command in the deployment's project."""
    return command("verify", "prod", *options, cwd=world.project, **(world.variables | variables))


def test_a_good_deployment_passes_every_check(command: Command, project: Path, tls: ssl.SSLContext) -> None:
    """Every row passes, the last line counts them, nothing else is printed; the command makes the plan itself."""
    with deployed(project, tls, plan_with_reviewers(project)) as world:
        result = verify(command, world)
    assert (result.status, result.err) == (0, ""), result.text
    checks = {check for check, outcome in rows_in_table(result.out) if outcome == "pass"}
    assert checks == {
        "health", "response time", "certificate", "redirect to HTTPS", "alert policy", "channel",
        "environment protection", "branch ruleset", "image scanning", "managed files", "runbook link",
        "rollback rehearsal",
    }  # fmt: skip
    assert " pass, 0 fail, 0 not checked in " in result.out.splitlines()[-1]


def backend_says(reply: Reply) -> Break:
    """A fault: the backend answers so."""

    def change(world: Deployment) -> None:
        world.backend = lambda _: reply

    return change


FAULTS: dict[str, tuple[Break, str]] = {
    "degraded": (backend_says(answers.DEGRADED), "health"),
    "503": (backend_says(answers.UNHEALTHY_503), "health"),
    "wrong JSON": (backend_says(Reply(200, {"status": "healthy"})), "health"),
    "HTML error page": (backend_says(answers.HTML), "health"),
    "redirect missing": (lambda world: setattr(world, "redirect", world.backend), "redirect to HTTPS"),
    "invalid policy": (lambda world: world.policies[0].update(validity={"code": 3, "message": "bad"}), "alert policy"),
    "policy off": (lambda world: world.policies[0].update(enabled=False), "alert policy"),
    "policy missing": (lambda world: world.policies.pop(), "alert policy"),
    "unverified channel": (lambda world: world.channels[0].update(verificationStatus="UNVERIFIED"), "channel"),
    "scanning off": (lambda world: world.scanning.update(enablementState="DISABLED"), "image scanning"),
    "weaker gate": (lambda world: world.environment.update(can_admins_bypass=True), "environment protection"),
    "open gate": (lambda world: world.environment.update(protection_rules=[]), "environment protection"),
    "ruleset off": (lambda world: world.rulesets[0].update(enforcement="evaluate"), "branch ruleset"),
    "file edited": (lambda world: world.files.update({".github/dependabot.yml": "version: 2"}), "managed files"),
    "file missing": (lambda world: world.files.pop(".github/dependabot.yml"), "managed files"),
    "ruleset missing": (lambda world: world.rulesets.clear(), "branch ruleset"),
}


@pytest.mark.parametrize(("fault", "check"), FAULTS.values(), ids=FAULTS)
def test_one_fault_fails_its_own_check_and_no_other(
    command: Command, production: Deployment, fault: Break, check: str
) -> None:
    """And the command ends with 1."""
    fault(production)
    result = verify(command, production)
    assert result.status == 1
    assert {name for name, outcome in rows_in_table(result.out) if outcome == "FAIL"} == {check}, result.out


@pytest.mark.parametrize(
    ("reply", "outcome", "says"),
    [
        (Reply(404, "Not Found"), "FAIL", "run `readiness deliver prod`, and merge its pull request"),
        (Reply(500, "Oops"), "FAIL", "answers 500"),
        (Reply(302, None, {"Location": "https://login.harbor.dev/"}), "not checked", "exists behind a login"),
        (Reply(403, "No"), "not checked", "exists behind a login"),
    ],
)
def test_the_page_that_notifications_link_to_is_opened(
    command: Command, production: Deployment, reply: Reply, outcome: str, says: str
) -> None:
    """Whoever is paged at night finds it, or the check says what to do."""
    asked: list[str] = []

    def answer(request: Request) -> Reply:
        asked.append(request.path)
        return reply

    production.runbook = answer
    result = verify(command, production)
    assert says in rows_in_table(result.out)["runbook link", outcome]
    assert result.status == (1 if outcome == "FAIL" else 0)
    assert asked == ["/docs/runbook/HighCpuUsage.md"]


def with_documents(world: Deployment) -> None:
    """The stack delivers the documents, and they are delivered."""
    add(world.project, "  readiness:managed_files:\n    documents: true\n")
    world.documents = application_documents(settings_of_every_stack(world.project))


DOCUMENT_FAULTS: dict[str, tuple[Break, str]] = {
    "missing": (lambda world: world.documents.pop("docs/ROLLBACK_RUNBOOK.md"), "docs/ROLLBACK_RUNBOOK.md  missing"),
    "stale": (lambda world: world.documents.update({"docs/runbook.md": with_page_header("# Runbook\n")}),
              "docs/runbook.md  unchanged since an earlier delivery"),
    "edited": (lambda world: world.documents.update({"docs/runbook.md": "# Ours\n"}),
               "docs/runbook.md  edited by hand"),
    "left over": (lambda world: world.documents.update({"docs/runbook/Gone.md": with_page_header("# Gone\n")}),
                  "docs/runbook/Gone.md  left over from a removed alert"),
}  # fmt: skip


def test_documents_as_declared_pass(command: Command, production: Deployment) -> None:
    """Compared by their text: what the other stacks declare is part of it."""
    with_documents(production)
    result = verify(command, production)
    assert result.status == 0, result.text
    assert (
        f"{len(production.documents)} documents  as declared on main" in rows_in_table(result.out)["documents", "pass"]
    )


@pytest.mark.parametrize(("fault", "says"), DOCUMENT_FAULTS.values(), ids=DOCUMENT_FAULTS)
def test_a_document_that_is_missing_or_stale_fails(
    command: Command, production: Deployment, fault: Break, says: str
) -> None:
    """With the command that brings it."""
    with_documents(production)
    fault(production)
    result = verify(command, production)
    assert result.status == 1
    row = rows_in_table(result.out)["documents", "FAIL"]
    assert f"{says}: Run `readiness deliver prod`, and merge its pull request" in row


def test_a_mistake_in_another_stack_leaves_the_documents_unchecked(command: Command, production: Deployment) -> None:
    """It is neither a failure of the live resources nor a pass."""
    with_documents(production)
    edit(production.project, "readiness:escalation", "readiness:escalations", "Pulumi.staging.yaml")
    result = verify(command, production)
    assert result.status == 0, result.text
    assert "`readiness check` refuses a stack" in rows_in_table(result.out)["documents", "not checked"]


@pytest.mark.parametrize(("delivered", "outcome"), [(True, "pass"), (False, "FAIL")])
def test_a_page_of_a_private_repository_is_asked_of_the_api(
    tls: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch, delivered: bool, outcome: str
) -> None:
    """To whoever is not logged in, GitHub answers 404 for it, as for a page that is missing."""

    def not_found(_url: str, _deadline: Deadline) -> Probe:
        return Probe(status=404, headers={}, data=b"")

    monkeypatch.setattr(github_checks, "probe", not_found)
    repository = Repository()
    repository.commit("main", {"docs/runbook/HighCpuUsage.md": "x"} if delivered else {"README.md": "x"})
    url = f"{RUNBOOK.removesuffix('.md')}/HighCpuUsage.md"
    with repository.served() as server:
        environment = {"GITHUB_API_URL": server.url, "GITHUB_TOKEN": "placeholder"}
        github = GitHub.from_environment(environment, owner="stellar-aiz", repository="ai-resume-review-v2")
        (row,) = github_checks.runbook_link_rows(
            url, "HighCpuUsage", lambda: github, stack="prod", deadline=Deadline.after(60)
        )
    assert str(row.outcome) == ("pass" if outcome == "pass" else "fail")


def test_the_known_degraded_answer_is_allowed_on_request(command: Command, production: Deployment) -> None:
    """On the day of the launch."""
    production.backend = lambda _: answers.DEGRADED
    result = verify(command, production, "--allow-degraded")
    assert result.status == 0, result.text
    assert "the known degraded answer, allowed" in result.out


def test_without_credentials_the_rest_is_checked_and_the_reason_is_given(
    command: Command, production: Deployment
) -> None:
    """`not checked` is counted, and does not fail."""
    nobody = {"GOOGLE_OAUTH_ACCESS_TOKEN": "", "GITHUB_TOKEN": "", "GH_TOKEN": "", "PATH": ""}
    result = verify(command, production, **nobody)
    assert result.status == 0, result.text
    assert result.out.count("no Google credentials: run `gcloud auth application-default login`") == 3
    assert result.out.count("no GitHub token: set GITHUB_TOKEN") == 3
    assert ", 0 fail, 6 not checked in " in result.out.splitlines()[-1]


def test_a_rollback_that_nobody_rehearsed_is_not_checked(command: Command, production: Deployment) -> None:
    """It does not fail a good deployment, and never counts as a pass; a file that is no record fails."""
    record = production.project / "records" / "rollback-rehearsal.prod.json"
    record.write_text("{}", encoding="utf-8")
    broken = verify(command, production)
    assert (broken.status, ("rollback rehearsal", "FAIL") in rows_in_table(broken.out)) == (1, True)
    record.unlink()
    result = verify(command, production)
    assert result.status == 0, result.text
    assert ("rollback rehearsal", "not checked") in rows_in_table(result.out)
    assert "not rehearsed: run `readiness rehearse prod`" in result.out
    assert ", 0 fail, 1 not checked in " in result.out.splitlines()[-1]


def test_a_token_without_access_does_not_mean_a_missing_environment(command: Command, production: Deployment) -> None:
    """GitHub answers 404 to who may not see it."""
    production.github_url += "/elsewhere"
    result = verify(command, production)
    assert result.status == 0
    assert result.out.count("the GitHub token has no access to stellar-aiz/ai-resume-review-v2") == 3


def test_without_a_network_every_row_that_could_be_asked_fails(
    command: Command, project: Path, tls: ssl.SSLContext, plan: Plan
) -> None:
    """Nothing answers, nothing hangs, no traceback."""
    with deployed(project, tls, plan) as gone:
        pass
    result = verify(command, gone)
    assert result.status == 1
    rows = rows_in_table(result.out)
    assert {outcome for check, outcome in rows if check not in ("runbook link", "rollback rehearsal")} == {"FAIL"}, (
        result.out
    )
    assert ("runbook link", "not checked") in rows, "whether the page exists is not known"
    assert "Traceback" not in result.text


@pytest.mark.real_time
def test_a_server_that_does_not_answer_does_not_hold_the_command(command: Command, production: Deployment) -> None:
    """It ends at its limit: the server answers only after the command has."""
    ended = threading.Event()

    def wait(_: Request) -> Reply:
        ended.wait(HANG_SECONDS)
        return answers.HEALTHY

    production.backend = wait
    result = verify(command, production, "--timeout-seconds", "1")
    ended.set()
    assert result.status == 1
    assert ("health", "FAIL") in rows_in_table(result.out)


def test_the_report_is_json_on_request(command: Command, production: Deployment) -> None:
    """Totals and rows, for a script."""
    production.scanning["enablementState"] = "DISABLED"
    result = verify(command, production, "--format", "json")
    report = json.loads(result.out)
    assert result.status == 1
    assert list(report) == ["stack", "checked_at", "totals", "rows"]
    assert report["totals"] == {"pass": len(report["rows"]) - 1, "fail": 1, "not checked": 0}
    assert {"check": "image scanning", "subject": "ai-resume-review-v2", "outcome": "fail", "detail": "DISABLED"} in (
        report["rows"]
    )


def test_the_report_is_markdown_on_request_with_the_issues_first(command: Command, production: Deployment) -> None:
    """ "Document any issues found" (docs/customer/seed.md); what a live system says brings no markup of its own."""
    production.policies[0]["validity"] = {"code": 3, "message": "a|b <img> `c` @all [x](y)"}
    text = verify(command, production, "--format", "markdown").out
    assert "## Issues found\n\n- [ ] **alert policy**, `" in text
    assert r": `is invalid and never fires: a\|b <img> 'c' @all [x](y)`" in text
    assert text.index("## Issues found") < text.index("## All checks")


def test_the_smoke_test_is_made_only_on_request(command: Command, production: Deployment) -> None:
    """Without an account it fails, and says what is missing."""
    plain = verify(command, production)
    assert "smoke" not in plain.out
    asked = verify(command, production, "--smoke", READINESS_SMOKE_EMAIL="", READINESS_SMOKE_PASSWORD="")
    assert asked.status == 1
    assert ("smoke: login", "FAIL") in rows_in_table(asked.out)
    assert "needs a test account: set READINESS_SMOKE_EMAIL and READINESS_SMOKE_PASSWORD" in asked.out


def test_a_smoke_test_that_no_service_declares_is_refused(command: Command, project: Path) -> None:
    """Before anything is asked: a report without a smoke row would look like one that passed."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    begin, end = text.index("      smoke:\n"), text.index("      # As deploy.sh sets it")
    (project / "Pulumi.prod.yaml").write_text(text[:begin] + text[end:], encoding="utf-8")
    result = command("verify", "prod", "--smoke", cwd=project)
    assert result.status == 1
    assert "--smoke: no service of prod has `smoke` in its settings" in result.err
    assert result.out == ""


def test_a_failing_smoke_test_fails_the_command(command: Command, production: Deployment) -> None:
    """This backend answers every path with its health: no token."""
    account = {"READINESS_SMOKE_EMAIL": "smoke@shop.example.net", "READINESS_SMOKE_PASSWORD": "hunter2-hunter2"}
    result = verify(command, production, "--smoke", **account)
    assert result.status == 1
    assert ("smoke: login", "FAIL") in rows_in_table(result.out)
    assert "hunter2" not in result.text


def test_progress_is_shown_on_a_terminal_alone(
    command: Command, production: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On stderr, where it spoils no report."""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    result = verify(command, production, "--format", "json")
    assert "\rchecked 1 of " in result.err
    assert result.err.endswith(f"\r{'':72}\r"), "and blanked out, also where the limit came first"
    assert json.loads(result.out)["totals"]["fail"] == 0


@pytest.mark.parametrize("seconds", ["0", "13"])
def test_a_limit_that_would_break_the_promise_of_15_seconds_is_refused(command: Command, seconds: str) -> None:
    """12 s, the start of the program and its end on a busy machine are what fits."""
    result = command("verify", "prod", "--timeout-seconds", seconds)
    assert result.status == 1
    assert "is out of range. Write a whole number from 1 to 12." in result.err


def test_a_stack_that_owns_nothing_shared_is_not_asked_for_it(command: Command) -> None:
    """The gate and the registry are rows of the owner alone."""
    result = command("verify", "staging", "--timeout-seconds", "1", GOOGLE_OAUTH_ACCESS_TOKEN="", PATH="")
    assert "environment protection" not in result.out
    assert "image scanning" not in result.out
