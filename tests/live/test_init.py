"""`readiness init`: three files for another customer in one command, checked before one of them is written."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner, Result

from readiness import clock
from readiness.alerts.metric_catalogue import METRICS
from readiness.cli.main import cli
from readiness.finding import Finding, errors_only
from readiness.live.init import write_project
from readiness.live.init_files import Answers, files_of
from readiness.plan.offline_plan import Plan
from readiness.refusal import RefusedError
from readiness.resource_types import ALERT_POLICY, LOG_METRIC
from readiness.rules.project import check_project
from tests.program.declared import ENVIRONMENT, REGISTRY, one, planned
from tests.projects import FIRST_CUSTOMER, readiness

FILES = ["Pulumi.yaml", "Pulumi.staging.yaml", "Pulumi.prod.yaml"]
STACKS = ["prod", "staging"]
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
GIVEN: dict[str, Any] = {
    "project": "shop-cloud",
    "region": "europe-west1",
    "github_owner": "shop",
    "repository": "shop-app",
    "backend_service": "shop-api-{env}",
    "database": "shop-db-{env}",
    "email": "ops@shop.dev",
}
OPTIONS = [
    *(part for name, value in GIVEN.items() for part in (f"--{name.replace('_', '-')}", value)),
    "--image",
    "api, web",
]


def answers(**changed: Any) -> Answers:
    """A complete set of answers."""
    values: dict[str, Any] = {**GIVEN, "images": ("api", "web"), **changed}
    return Answers(**values)


def init(*arguments: str, folder: Path, text: str | None = None) -> Result:
    """Runs the command; what is refused stands in the result's exception."""
    return CliRunner().invoke(cli, ["init", "--folder", str(folder), *arguments], input=text)


def refused(result: Result) -> tuple[Finding, ...]:
    """The problems for which the command was refused."""
    assert isinstance(result.exception, RefusedError), result.output
    return result.exception.problems


def contents(folder: Path) -> dict[str, str]:
    """Every file of a folder."""
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


def test_from_a_fresh_clone_to_a_checked_project_in_one_command(project: Path) -> None:
    """As a new user does it: `init` over the first customer's files, then `check`, which warns of what is missing."""
    done = readiness("init", *OPTIONS, "--force", cwd=project)
    assert done.status == 0, done.text
    checked = readiness("check", cwd=project)
    assert checked.status == 0, checked.text
    assert checked.out.count("ok ") == 2
    for place in ("prod.yaml:9: readiness:services[0].url", "staging.yaml:9: readiness:services[0].url"):
        assert f"warning: Pulumi.{place}: stands for an address to be filled in" in checked.out
    assert checked.out.count("stands for a reviewer to be filled in") == 2
    assert "ytgrs" not in "".join(contents(project).values()), "something of the first customer is left"


def test_what_it_writes_can_be_planned(project: Path) -> None:
    """Both stacks, offline."""
    write_project(project, answers(project_number="864523342928", reviewers=(("ada", 1), ("grace", 2))), force=True)
    plan = planned(project)
    assert one(plan, ENVIRONMENT)["inputs"]["reviewers"] == [{"teams": [], "users": [1, 2]}]
    assert one(plan, REGISTRY)["options"]["importId"].endswith("/europe-west1/repositories/shop-app")
    assert plan.outputs["runbook"] == "https://github.com/shop/shop-app/blob/main/docs/runbook.md"
    assert planned(project, "staging").resources


def test_nothing_is_warned_of_when_everything_is_given(tmp_path: Path) -> None:
    """A project number makes the addresses, two reviewers the guard."""
    full = answers(
        project_number="864523342928", reviewers=(("ada", 1), ("grace", 2)), frontend_service="shop-web-{env}"
    )
    assert write_project(tmp_path, full, force=False) == ()
    services = yaml.safe_load((tmp_path / "Pulumi.prod.yaml").read_text())["config"]["readiness:services"]
    assert services == [
        {
            "name": "shop-api-prod",
            "role": "backend",
            "url": "https://shop-api-prod-864523342928.europe-west1.run.app",
            "health_path": "/health",
        },
        {
            "name": "shop-web-prod",
            "role": "frontend",
            "url": "https://shop-web-prod-864523342928.europe-west1.run.app",
            "health_path": "/",
        },
    ]


def test_the_first_customers_own_answers_make_its_project_file() -> None:
    """Comments and all: so that the two do not drift apart. Its telemetry writes what more alerts read."""
    own = answers(
        project="ytgrs-464303", region="us-central1", github_owner="stellar-aiz", repository="ai-resume-review-v2"
    )
    delivery = "      delivery:\n        min_success_ratio: 0.95\n        max_days_without_success: 14\n"
    committed = (FIRST_CUSTOMER / "Pulumi.yaml").read_text(encoding="utf-8")
    assert files_of(own)["Pulumi.yaml"] == committed.replace(delivery, "")


# Every two answers of these meet once.
@pytest.mark.parametrize(
    ("frontend", "visibility", "plan", "adopt_registry"),
    [
        (None, "public", "free", True),
        ("shop-web-{env}", "public", "free", False),
        (None, "private", "team", False),
        ("shop-web-{env}", "private", "team", True),
        (None, "internal", "enterprise", True),
        ("shop-web-{env}", "internal", "enterprise", False),
    ],
)
def test_every_alert_of_a_new_project_reads_what_somebody_writes(
    project: Path, frontend: str | None, visibility: str, plan: str, adopt_registry: bool
) -> None:
    """Google, a log metric of the same plan, or an uptime check of it."""
    given: dict[str, Any] = {"frontend_service": frontend, "visibility": visibility, "plan": plan}
    write_project(project, answers(**given, adopt_registry=adopt_registry, project_number="1"), force=True)
    for stack in STACKS:
        assert unwritten_in(planned(project, stack)) == []


def unwritten_in(plan: Plan) -> list[str]:
    """The metrics and hosts that alerts of the plan read and nobody writes."""
    counted = {f"logging_googleapis_com:user_{each['inputs']['name']}" for each in plan.of_type(LOG_METRIC)}
    written = {name for metric in METRICS if metric.type.partition(".")[0] != "custom" for name in metric.series_names}
    checked = {each["inputs"]["monitoredResource"]["labels"]["host"] for each in plan.of_type(UPTIME_CHECK)}
    missing: list[str] = []
    for policy in plan.of_type(ALERT_POLICY):
        for condition in policy["inputs"]["conditions"]:
            query = condition.get("conditionPrometheusQueryLanguage", {}).get("query", "")
            missing += [each for each in re.findall(r"\w+_googleapis_com:\w+", query) if each not in counted | written]
            hosts = re.findall(r'host=~?"([^"]+)"', query)
            missing += [host for each in hosts for host in each.replace("[.]", ".").split("|") if host not in checked]
    return missing


def test_prod_alone_owns_and_its_cleanup_deletes_nothing_yet(tmp_path: Path) -> None:
    """The safe answers are written out, with a word on each."""
    write_project(tmp_path, answers(), force=False)
    prod = contents(tmp_path)["Pulumi.prod.yaml"]
    config = yaml.safe_load(prod)["config"]
    assert config["readiness:image_registry"] == {
        "repository_id": "shop-app",
        "adopt": True,
        "packages": ["api", "web"],
        "cleanup_dry_run": True,
    }
    assert config["readiness:owns_shared_resources"] is True
    assert config["readiness:security_alerts"] == {"enabled": True}
    for comment in (
        "# Switched to false by a reviewed change",
        "# Of these, one approves.",
        "# One entry for each ecosy",
    ):
        assert prod.count(comment) == 1
    staging = yaml.safe_load(contents(tmp_path)["Pulumi.staging.yaml"])["config"]
    assert staging["readiness:owns_shared_resources"] is False
    assert not {key for key in staging if "image_registry" in key or "production" in key or "dependabot" in key}


def test_shared_values_stand_in_the_project_file_alone(tmp_path: Path) -> None:
    """The engine replaces a key whole: a stack that wrote one of them again would lose the rest of the object."""
    write_project(tmp_path, answers(visibility="private", plan="enterprise"), force=False)
    shared = yaml.safe_load(contents(tmp_path)["Pulumi.yaml"])["config"]
    assert shared["readiness:repository"]["default"] == {
        "name": "shop-app",
        "visibility": "private",
        "plan": "enterprise",
    }
    for stack in STACKS:
        assert not set(shared) & set(yaml.safe_load(contents(tmp_path)[f"Pulumi.{stack}.yaml"])["config"])


def test_one_known_reviewer_is_completed_by_a_placeholder(tmp_path: Path) -> None:
    """Two are the least."""
    (tmp_path / "new").mkdir()
    result = init(*OPTIONS, "--reviewer", "ada:1001", folder=tmp_path / "new")
    assert result.exit_code == 0
    users = yaml.safe_load(contents(tmp_path / "new")["Pulumi.prod.yaml"])["config"]["readiness:production_environment"]
    assert users["reviewers"]["users"] == [{"login": "ada", "id": 1001}, {"login": "to-be-filled-in-2", "id": 0}]
    assert "reviewers.users[1]: stands for a reviewer to be filled in" in result.output


def test_addresses_that_are_not_known_are_placeholders_that_an_update_refuses(tmp_path: Path) -> None:
    """Of each service, in both stacks."""
    warnings = write_project(tmp_path, answers(reviewers=(("ada", 1), ("grace", 2))), force=False)
    assert {each.file: (each.key, each.placeholder) for each in warnings} == {
        f"Pulumi.{stack}.yaml": ("readiness:services[0].url", True) for stack in STACKS
    }


def test_no_guard_is_written_where_github_would_not_enforce_it(tmp_path: Path) -> None:
    """It says so instead of writing what `check` would refuse."""
    warnings = write_project(tmp_path, answers(visibility="private", project_number="1"), force=False)
    assert [each.key for each in warnings] == ["readiness:production_environment"]
    assert "nobody has to approve" in warnings[0].message


def test_existing_files_are_named_and_left_alone(project: Path) -> None:
    """In a fresh clone they are the first customer's, and the refusal says so."""
    before = contents(project)
    problems = refused(init(*OPTIONS, folder=project))
    assert [(each.file, each.message) for each in problems] == [(name, "exists already") for name in FILES]
    assert all("`--force` replaces it; in a fresh clone it is the first customer's" in each.hint for each in problems)
    assert contents(project) == before


@pytest.mark.parametrize("line", ["encryptionsalt: v1:x\n", "encryptedkey: x\n", "  a:b:\n    secure: v1:x\n"])
def test_not_even_force_loses_the_key_of_a_stack(project: Path, line: str) -> None:
    """Without its salt neither the state nor a stored secret can be read again."""
    with (project / "Pulumi.prod.yaml").open("a") as file:
        file.write(line)
    before = contents(project)
    (problem,) = refused(init(*OPTIONS, "--force", folder=project))
    assert (problem.file, problem.hint) == ("Pulumi.prod.yaml", "Move it away first, if that is what you want")
    assert contents(project) == before


def test_what_is_no_file_is_not_replaced(tmp_path: Path) -> None:
    """A folder of that name is told as what it is, with `--force` too."""
    (tmp_path / "Pulumi.yaml").mkdir()
    (problem,) = refused(init(*OPTIONS, "--force", folder=tmp_path))
    assert (problem.file, problem.message) == ("Pulumi.yaml", "is no file")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("number", ["abc", "../x", "1.run.app/?", "12a", "-1"])
def test_a_project_number_that_is_none_is_refused(tmp_path: Path, number: str) -> None:
    """It becomes a part of an address, which any text would be."""
    problems = refused(init(*OPTIONS, f"--project-number={number}", folder=tmp_path))
    assert ("--project-number", "is no number") in [(problem.key, problem.message) for problem in problems]
    assert contents(tmp_path) == {}


def test_wrong_answers_are_refused_as_check_would_refuse_them(tmp_path: Path) -> None:
    """All at once, by the setting's own rule, and nothing is written."""
    wrong = answers(
        project="Shop!",
        region="mars",
        backend_service="api",
        email="nobody",
        images=("web", "web/x"),
        database="DB-{env}",
    )
    with pytest.raises(RefusedError) as refusal:
        write_project(tmp_path, wrong, force=False)
    problems = refusal.value.problems
    assert {"--backend-service", "gcp:project", "gcp:region", "readiness:database.instance"} <= {
        x.key for x in problems
    }
    assert {"readiness:channels.emails[0]", "readiness:image_registry.packages[1]"} <= {x.key for x in problems}
    assert len(set(problems)) == len(problems), "a problem of both stacks is told twice"
    assert all(each.hint and each.line is None for each in problems)
    assert contents(tmp_path) == {}


@pytest.mark.parametrize(
    "trick", ["a: b", "x\ny: z", "{env}", "# no", "*alias", "!tag", "'", '"', "- - -", "null", "yes"]
)
def test_no_answer_can_become_another_setting(trick: str) -> None:
    """Whatever is typed stays one text: YAML is written by its own writer."""
    for name in ("project", "repository", "email", "registry"):
        files = {key: yaml.safe_load(text) for key, text in files_of(answers(**{name: trick})).items()}
        plain = {key: yaml.safe_load(text) for key, text in files_of(answers(**{name: "plain"})).items()}
        assert {key: list(each["config"]) for key, each in files.items()} == {
            key: list(each["config"]) for key, each in plain.items()
        }
    assert yaml.safe_load(files_of(answers(project=trick))["Pulumi.yaml"])["config"]["gcp:project"]["value"] == trick


def test_on_a_pipe_nothing_is_asked_and_all_that_is_missing_is_told(tmp_path: Path) -> None:
    """A script gets its answer at once; so does a wrong reviewer."""
    problems = refused(init("--project", "shop-cloud", "--reviewer", "ada", folder=tmp_path, text=""))
    assert [each.key for each in problems] == [
        *(f"--{name.replace('_', '-')}" for name in GIVEN if name != "project"),
        "--image",
        "--reviewer",
    ]
    assert problems[0].hint.startswith("Give it: ")
    assert "LOGIN:ID" in problems[-1].message
    assert contents(tmp_path) == {}


def test_on_a_terminal_what_is_missing_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Optional questions take an empty answer."""
    monkeypatch.setattr("readiness.cli.init._on_a_terminal", lambda: True)
    typed = [*[value for name, value in GIVEN.items() if name != "project"], "api,web", "", "864523342928"]
    result = init("--project", "shop-cloud", folder=tmp_path, text="\n".join(typed) + "\n")
    assert result.exit_code == 0, result.output
    assert "Region, as us-central1: " in result.output
    assert "Google Cloud project" not in result.output, "what is given is asked for"
    expected = files_of(answers(project_number="864523342928"))
    assert contents(tmp_path) == expected


def test_without_a_folder_the_project_around_is_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder inside it; outside of one, the working folder is."""
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert CliRunner().invoke(cli, ["init", *OPTIONS, "--force"]).exit_code == 0
    assert "shop-cloud" in contents(project)["Pulumi.yaml"]
    for name in FILES:
        (project / name).unlink()
    assert CliRunner().invoke(cli, ["init", *OPTIONS]).exit_code == 0
    assert set(contents(project / "deep")) == set(FILES)


def test_what_is_written_can_be_checked_from_code(tmp_path: Path) -> None:
    """No error in either stack, whichever options are chosen."""
    choices: list[dict[str, Any]] = [
        {},
        {"adopt_registry": False},
        {"registry": "shop-images"},
        {"visibility": "internal", "plan": "enterprise"},
    ]
    for number, changed in enumerate(choices):
        folder = tmp_path / str(number)
        write_project(folder, answers(**changed), force=False)
        checked = check_project(folder, STACKS, now=clock.now())
        assert not [each for found in checked.values() for each in errors_only(found.problems)]
        settings = checked["prod"].settings
        assert settings is not None
        assert settings.image_registry is not None
        assert settings.image_registry.repository_id == changed.get("registry", "shop-app")
        assert settings.image_registry.adopt is changed.get("adopt_registry", True)


def test_the_question_is_whether_the_input_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the output: `readiness init | tee` may ask."""
    from readiness.cli import init as command

    monkeypatch.setattr(sys, "stdin", type("Stream", (), {"isatty": lambda self: True})())
    assert command._on_a_terminal()
    monkeypatch.setattr(sys, "stdin", None)
    assert not command._on_a_terminal(), "a closed input is asked nothing"
