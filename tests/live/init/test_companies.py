"""Three made-up companies, each in a repository that contains nothing but what `readiness init` writes."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from readiness.cli.main import cli
from tests.actionlint import actionlint_status
from tests.edits import ALERT_GAPS
from tests.live.init.companies import COMPANIES, STACKS, WARNED
from tests.live.init.installed import Installed, install
from tests.projects import ROOT, Result

pytestmark = pytest.mark.processes

RUFF = (sys.executable, "-m", "ruff")
BIN = Path(sys.executable).parent


def files_in(repository: Path) -> dict[str, Path]:
    """What a commit would hold, by its path."""
    command = ["git", "ls-files", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    return {name: repository / name for name in listed.splitlines()}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    """The package with its components."""
    return install(tmp_path_factory.mktemp("site-packages"))


@pytest.fixture(scope="module")
def repositories(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Result]]:
    """A repository of each company, and what init printed."""
    made: dict[str, tuple[Path, Result]] = {}
    for name, answers in COMPANIES.items():
        file = tmp_path_factory.mktemp("answers") / f"{name}.yaml"
        file.write_text(yaml.safe_dump(answers), encoding="utf-8")
        folder = tmp_path_factory.mktemp(name)
        subprocess.run(["git", "init", "--quiet", str(folder)], check=True)
        made[name] = (folder, installed.readiness("init", str(folder), "--answers", str(file), cwd=folder.parent))
    return made


@pytest.fixture(params=COMPANIES)
def company(request: pytest.FixtureRequest) -> str:
    """The name of each company."""
    return request.param


@pytest.fixture
def repository(repositories: dict[str, tuple[Path, Result]], company: str) -> Path:
    """Its repository."""
    return repositories[company][0]


def test_init_writes_about_ten_files_and_names_them(repositories: dict[str, tuple[Path, Result]], company: str) -> None:
    """One more for each stack."""
    folder, done = repositories[company]
    assert done.status == 0, done.text
    written = {name for name in files_in(folder) if not name.startswith("docs/runbook/")}
    assert "docs/runbook/HighErrorRate.md" in files_in(folder)
    assert written == {
        "Pulumi.yaml", *(f"Pulumi.{stack}.yaml" for stack in STACKS[company]), "__main__.py", "requirements.txt",
        ".github/workflows/pull-request.yml", ".github/workflows/plans.yml", ".github/workflows/judge.yml",
        ".github/workflows/merge-queue.yml",
        ".github/workflows/apply.yml", ".github/workflows/drift.yml",
        ".gitignore", ".pulumi.version", ".github/CODEOWNERS", "README.md", "docs/runbook.md",
    }  # fmt: skip
    assert all(name in done.out for name in written)
    assert "{{" not in re.sub(r"\$\{\{.*?\}\}", "", "".join((folder / name).read_text() for name in written))


def test_it_passes_check(installed: Installed, repository: Path, company: str) -> None:
    """With its plan. Warnings are about GitHub's plan, and about instances and disks, which init does not ask for."""
    checked = installed.readiness("check", "--plan", "--format", "json", cwd=repository)
    assert checked.status == 0, checked.text
    findings = json.loads(checked.out)["findings"]
    assert len([finding for finding in findings if finding["rule_id"] not in ALERT_GAPS]) == WARNED[company], (
        checked.out
    )


def test_the_runbook_is_current(installed: Installed, repository: Path) -> None:
    """As the stacks need it."""
    assert installed.readiness("runbook", "--check", cwd=repository).status == 0


def test_preview_shows_what_each_company_asked_for(
    installed: Installed, repositories: dict[str, tuple[Path, Result]]
) -> None:
    """And nothing of what it did not. Offline: there is neither a CLI that is set up nor a credential.

    The last stack, which has all options; `check --plan` plans the others.
    """
    types: dict[str, set[str]] = {}
    for company, stacks in STACKS.items():
        shown = installed.readiness("preview", stacks[-1], cwd=repositories[company][0])
        assert shown.status == 0, shown.text
        assert re.search(rf"^readiness/{stacks[-1]}: \d+ resources", shown.out, flags=re.MULTILINE)
        types[company] = set(re.findall(r"^\S+:(\w+)  \S", shown.out, flags=re.MULTILINE))
    assert "Job" not in types["acme"] | types["harbor"]
    assert "Repository" not in types["acme"] | types["harbor"]
    assert {"Job", "Repository", "RepositoryEnvironment"} <= types["cargo"]
    assert "RepositoryEnvironment" not in types["harbor"], "GitHub Team enforces no reviewers"
    assert "RepositoryEnvironment" in types["acme"]


@pytest.mark.parametrize(
    "command",
    [
        ("check", "--isolated", "."),
        ("check", "--config", str(ROOT / "pyproject.toml"), "."),
        ("format", "--isolated", "--check", "."),
    ],
    ids=" ".join,
)
def test_ruff_has_nothing_to_say(installed: Installed, repository: Path, command: tuple[str, ...]) -> None:
    """With its default rules and with those of this repository; formatted as it does by default."""
    done = installed.run(*RUFF, *command, cwd=repository)
    assert done.status == 0, done.text


def test_zizmor_and_actionlint_have_nothing_to_say(installed: Installed, repository: Path) -> None:
    """The strictest persona."""
    zizmor = (str(BIN / "zizmor"), "--quiet", "--offline", "--strict-collection", "--persona", "auditor", ".")
    done = installed.run(*zizmor, cwd=repository)
    assert done.status == 0, done.text
    assert "No findings" in done.text
    workflows = sorted(str(path) for path in (repository / ".github" / "workflows").glob("*.yml"))
    assert len(workflows) == 6
    assert actionlint_status(workflows) == 0


def test_workflows_fit_githubs_schema(installed: Installed, repository: Path) -> None:
    """The published one."""
    workflows = sorted(str(path) for path in (repository / ".github" / "workflows").glob("*.yml"))
    command = (str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *workflows)
    done = installed.run(*command, cwd=repository)
    assert done.status == 0, done.text


def test_the_program_type_checks_against_the_package(installed: Installed, repository: Path) -> None:
    """Strictly, with no configuration of its own."""
    pyrefly = (str(BIN / "pyrefly"), "check", "--preset", "strict", "--min-severity", "error")
    where = ("--python-interpreter-path", sys.executable, "--search-path", str(installed.folder))
    done = installed.run(*pyrefly, *where, "__main__.py", cwd=repository)
    assert done.status == 0, done.text


def test_each_stack_is_applied_by_one_job_in_its_environment_after_the_one_before(
    repository: Path, company: str
) -> None:
    """The last has the token that administers the application's repository, and no other."""
    jobs = yaml.safe_load((repository / ".github" / "workflows" / "apply.yml").read_text())["jobs"]
    before = ["check", "scope"]
    for stack in STACKS[company]:
        job = jobs[f"apply-{stack}"]
        settings = yaml.safe_load((repository / f"Pulumi.{stack}.yaml").read_text())["config"]
        assert (job["needs"], job["environment"]) == (before, settings["readiness:environment"]["name"])
        assert job["steps"][-1]["run"] == f".venv/bin/readiness up {stack} --yes --summary"
        is_owner = stack == STACKS[company][-1]
        assert ("GITHUB_TOKEN" in job["steps"][-1]["env"]) == is_owner
        apps = [step for step in job["steps"] if step.get("id") == "app"]
        assert len(apps) == is_owner
        assert job["concurrency"] == {"group": f"stack-{stack}", "cancel-in-progress": False, "queue": "max"}
        before.append(f"apply-{stack}")
    assert jobs["report"]["needs"] == before
    assert set(jobs) == {"check", "scope", "report", *(f"apply-{stack}" for stack in STACKS[company])}


def test_tokens_are_for_the_applications_repository_alone(repository: Path, company: str) -> None:
    """As the answers name it; the nightly one can write nothing."""
    answers = COMPANIES[company]
    for workflow, allowed in (("apply.yml", {"read", "write"}), ("drift.yml", {"read"})):
        jobs = yaml.safe_load((repository / ".github" / "workflows" / workflow).read_text())["jobs"]
        [app] = [step["with"] for job in jobs.values() for step in job["steps"] if step.get("id") == "app"]
        assert (app["owner"], app["repositories"]) == (answers["github_owner"], answers["repository"])
        assert {value for key, value in app.items() if key.startswith("permission-")} == allowed


def test_the_workflows_list_the_stacks_that_have_a_file(installed: Installed, repository: Path, company: str) -> None:
    """With the command of the wheel."""
    workflow = yaml.safe_load((repository / ".github" / "workflows" / "drift.yml").read_text())
    assert workflow["jobs"]["stacks"]["steps"][-1]["run"] == '.venv/bin/readiness ci stacks >> "$GITHUB_OUTPUT"'
    done = installed.readiness("ci", "stacks", cwd=repository)
    assert done.out == f"stacks={json.dumps(sorted(STACKS[company]))}\n"


def test_every_file_that_can_change_a_verdict_has_an_owner(repository: Path) -> None:
    """Those that are written, those that commands write later, and modules that would be imported in place of ours."""
    text = (repository / ".github" / "CODEOWNERS").read_text()
    rules = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    assert rules[0][0] == "*"
    assert [pattern for pattern, *owners in rules if not owners] == ["/README.md"]
    named = {pattern for pattern, *_ in rules}
    assert {
        "/Pulumi.yaml", "/Pulumi.*.yaml", "/__main__.py", "/requirements.txt", "/acknowledged-weakenings.yaml",
        "/audit-record.yaml", "/records/", "/.github/",
    } <= named  # fmt: skip
    assert not any("to-be-filled-in" in line for line in text.splitlines())


def test_the_readme_has_five_commands_that_exist(repository: Path, company: str) -> None:
    """No checkout of Readiness, no move of files. A new repository is private, whatever the application's is."""
    text = (repository / "README.md").read_text()
    block = re.search(r"## The next five commands\n\n```bash\n(.*?)```", text, flags=re.DOTALL)
    assert block is not None
    commands = block.group(1).splitlines()
    assert len(commands) == 5
    assert set(re.findall(r"bin/readiness (\w+)", text)) <= set(cli.commands)
    assert f"readiness preview {STACKS[company][-1]} " in commands[2]
    assert "--private" in commands[4]
    assert "--public" not in text


def test_nothing_of_the_first_customer_is_written(repository: Path) -> None:
    """Neither its names nor its people."""
    text = "".join(path.read_text() for path in files_in(repository).values())
    for word in ("ytgrs", "stellar", "resume", "wnjxx", "moved_from"):
        assert word not in text.lower()
