"""`readiness init`: what is in the files with settings, which files are left alone, and what can be planned."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from click.testing import CliRunner, Result

from readiness import clock
from readiness.alerts.metric_catalogue import METRICS
from readiness.cli.main import cli
from readiness.finding import Finding, RefusedError, errors_only
from readiness.live.init.answers import Answers
from readiness.live.init.project_files import files_of, installed_package
from readiness.live.init.stack_files import settings_files
from readiness.live.init.write import write_project
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, LOG_METRIC
from readiness.rules.project import check_project
from readiness.settings.logs import Language, LogFormat
from tests.edits import ALERT_GAPS
from tests.live.init.companies import answers
from tests.program.declared import ENVIRONMENT, REGISTRY, one, planned
from tests.projects import FIRST_CUSTOMER

STACKS = ["prod", "staging"]
UPTIME_CHECK = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"
# The options of the release before, and the visibility that is required now.
OLD_OPTIONS = [
    "--project", "shop-cloud", "--region", "europe-west1", "--github-owner", "shop", "--repository", "shop-app",
    "--backend-service", "shop-api-{env}", "--database", "shop-db-{env}", "--email", "ops@shop.dev",
    "--image", "api, web", "--visibility", "public",
]  # fmt: skip
TWO_REVIEWERS = ("ada:1", "grace:2")


def init(*arguments: str, folder: Path) -> Result:
    """Runs the command, in its older form; what is refused is the result's exception."""
    return CliRunner().invoke(cli, ["init", "--folder", str(folder), *arguments])


def refused(result: Result) -> tuple[Finding, ...]:
    """The problems for which the command was refused."""
    assert isinstance(result.exception, RefusedError), result.output
    return result.exception.problems


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and "components" not in path.parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in files}


def write_settings(project: Path, given: Answers) -> None:
    """The files with settings, beside this repository's own program."""
    for name, text in settings_files(given).items():
        (project / name).write_text(text, encoding="utf-8")


def config_of(folder: Path, stack: str) -> dict[str, Any]:
    """What a stack's file holds."""
    return yaml.safe_load((folder / f"Pulumi.{stack}.yaml").read_text(encoding="utf-8"))["config"]


def test_the_options_of_the_release_before_still_make_both_stacks(tmp_path: Path) -> None:
    """Besides the visibility, which nobody guesses any more."""
    assert init(*OLD_OPTIONS, folder=tmp_path).exit_code == 0
    old = contents(tmp_path)
    expected = answers(services=("shop-api-{env}",), logs="", package=installed_package())
    assert {name: old[name] for name in files_of(expected)} == files_of(expected)


def test_what_it_writes_can_be_planned(project: Path) -> None:
    """Both stacks, offline."""
    write_settings(project, answers(project_number="864523342928", reviewers=TWO_REVIEWERS))
    plan = planned(project)
    assert one(plan, ENVIRONMENT)["inputs"]["reviewers"] == [{"teams": [], "users": [1, 2]}]
    assert one(plan, REGISTRY)["options"]["importId"].endswith("/europe-west1/repositories/shop-app")
    assert plan.outputs["runbook"] == "https://github.com/shop/shop-app-readiness/blob/main/docs/runbook.md"
    assert planned(project, "staging").resources


def without_alert_gaps(warnings: Iterable[Finding]) -> list[Finding]:
    """The warnings that do not name an alert or a channel which the required answers do not bring about."""
    return [warning for warning in warnings if warning.rule_id not in ALERT_GAPS]


def test_the_alerts_that_a_new_project_lacks_are_named(tmp_path: Path) -> None:
    """init does not ask about limits and the disk; the comment above the database says where they are written."""
    full = answers(project_number="864523342928", reviewers=TWO_REVIEWERS)
    _, warnings = write_project(tmp_path, full, force=False)
    of_each_stack = {"readiness:services", "readiness:database.max_connections", "readiness:database.storage"}
    of_prod = {warning.key for warning in warnings if warning.file == "Pulumi.prod.yaml"}
    assert of_prod - {"readiness:image_workflows"} == {*of_each_stack, "readiness:channels"}
    assert "    instance: " in contents(tmp_path)["Pulumi.prod.yaml"]
    assert "`readiness check` names the alerts that are missing" in contents(tmp_path)["Pulumi.prod.yaml"]
    with_slack = answers(slack_channel="projects/shop-cloud/notificationChannels/1", reviewers=TWO_REVIEWERS)
    _, warnings = write_project(tmp_path / "slack", with_slack, force=False)
    assert "settings-email-only" not in {warning.rule_id for warning in warnings}


def test_nothing_is_warned_of_when_everything_is_given(tmp_path: Path) -> None:
    """A project number makes the addresses, two reviewers the environment and the code owners."""
    services = ("shop-api-{env}", "shop-web-{env}=frontend")
    full = answers(project_number="864523342928", reviewers=TWO_REVIEWERS, services=services)
    _, warnings = write_project(tmp_path, full, force=False)
    assert without_alert_gaps(warnings) == []
    host, logs = "864523342928.europe-west1.run.app", {"logs": {"language": "node", "format": "json"}}
    assert config_of(tmp_path, "prod")["readiness:services"] == [
        {"name": "shop-api-prod", "role": "backend", "url": f"https://shop-api-prod-{host}", "health_path": "/health"}
        | logs,
        {"name": "shop-web-prod", "role": "frontend", "url": f"https://shop-web-prod-{host}", "health_path": "/"}
        | logs,
    ]
    assert "* @ada @grace\n" in contents(tmp_path)[".github/CODEOWNERS"]


def test_the_first_customers_own_answers_make_its_project_file() -> None:
    """Comments and all: so that the two stay alike. Its telemetry writes what more alerts read."""
    own = answers(
        project="ytgrs-464303", region="us-central1", github_owner="stellar-aiz", repository="ai-resume-review-v2",
        runbook_url="https://github.com/stellar-aiz/ai-resume-review-v2/blob/main/docs/runbook.md",
    )  # fmt: skip
    delivery = "      delivery:\n        min_success_ratio: 0.95\n        max_days_without_success: 14\n"
    committed = (FIRST_CUSTOMER / "Pulumi.yaml").read_text(encoding="utf-8").replace(delivery, "")
    committed = re.sub(
        r"      # What backend/app/.*\n      failed_logins:\n        log_texts:\n(?:          - .*\n)+", "", committed
    )
    expected = committed.replace("both stacks share", "all stacks share")
    assert settings_files(own)["Pulumi.yaml"].replace("      visibility: public\n", "") == expected


# No alert depends on the visibility of the repository: each of its values comes with some combinations of the others.
@pytest.mark.parametrize(
    ("database", "adopt_registry", "frontend", "visibility", "plan"),
    [
        ("shop-db-{env}", "true", "", "public", "free"),
        ("shop-db-{env}", "true", "shop-web-{env}", "private", "team"),
        ("shop-db-{env}", "false", "", "internal", "enterprise"),
        ("shop-db-{env}", "false", "shop-web-{env}", "public", "free"),
        ("", "true", "", "private", "team"),
        ("", "true", "shop-web-{env}", "internal", "enterprise"),
        ("", "false", "", "public", "free"),
        ("", "false", "shop-web-{env}", "private", "team"),
    ],
)
def test_every_alert_of_a_new_project_reads_what_somebody_writes(
    project: Path, database: str, adopt_registry: str, frontend: str, visibility: str, plan: str
) -> None:
    """Google, a log metric of the same plan, or an uptime check of it."""
    given = answers(
        frontend_service=frontend, visibility=visibility, plan=plan, adopt_registry=adopt_registry, database=database,
        project_number="1",
    )  # fmt: skip
    write_settings(project, given)
    for stack in STACKS:
        assert unwritten_in(planned(project, stack)) == []


def unwritten_in(plan: Plan) -> list[str]:
    """The metrics and hosts that alerts of the plan read and nobody writes."""
    counted = {f"logging_googleapis_com:user_{metric['inputs']['name']}" for metric in plan.of_type(LOG_METRIC)}
    written = {name for metric in METRICS if metric.type.partition(".")[0] != "custom" for name in metric.series_names}
    checked = {check["inputs"]["monitoredResource"]["labels"]["host"] for check in plan.of_type(UPTIME_CHECK)}
    missing: list[str] = []
    for policy in plan.of_type(ALERT_POLICY):
        for condition in policy["inputs"]["conditions"]:
            query = condition.get("conditionPrometheusQueryLanguage", {}).get("query", "")
            read = re.findall(r"\w+_googleapis_com:\w+", query)
            missing += [name for name in read if name not in counted | written]
            hosts = [host for text in re.findall(r'host=~?"([^"]+)"', query) for host in text.split("|")]
            missing += [host for host in hosts if host.replace("[.]", ".") not in checked]
    return missing


def test_the_last_stack_alone_owns_and_its_cleanup_deletes_nothing_yet(tmp_path: Path) -> None:
    """The safe answers are written out, with a word on each."""
    write_project(tmp_path, answers(), force=False)
    config = config_of(tmp_path, "prod")
    assert config["readiness:image_registry"] == {
        "repository_id": "shop-app",
        "adopt": True,
        "packages": ["api", "web"],
        "cleanup_dry_run": True,
    }
    assert config["readiness:owns_shared_resources"] is True
    assert config["readiness:security_alerts"] == {"enabled": True}
    prod = contents(tmp_path)["Pulumi.prod.yaml"]
    for comment in ("# Set this to false in a reviewed", "# One of these approves.", "# One entry for each ecosy"):
        assert prod.count(comment) == 1
    staging = config_of(tmp_path, "staging")
    assert staging["readiness:owns_shared_resources"] is False
    assert (
        "# The stack prod declares the resources that all stacks share.\n" in contents(tmp_path)["Pulumi.staging.yaml"]
    )
    assert not {key for key in staging if "image_registry" in key or "production" in key or "dependabot" in key}


def test_a_stack_that_is_not_production_says_so(tmp_path: Path) -> None:
    """Where it is not known, a failed migration pages: the last stack, and a name that may mean production."""
    write_project(tmp_path, answers(stacks=("dev", "eu-live", "preprod", "main"), project="shop-1"), force=False)
    written = {
        stack: config_of(tmp_path, stack)["readiness:environment"] for stack in ("dev", "eu-live", "preprod", "main")
    }
    assert {stack: section.get("production") for stack, section in written.items()} == {
        "dev": False, "eu-live": None, "preprod": None, "main": None,
    }  # fmt: skip
    lines = contents(tmp_path)["Pulumi.dev.yaml"].splitlines()
    comment = "    # A failed migration of this stack pages nobody. Remove the line if the stack serves your users."
    assert lines[lines.index("    production: false") - 1] == comment


def test_shared_values_are_in_the_project_file_alone(tmp_path: Path) -> None:
    """The engine replaces a key whole: a stack that wrote one of them again would lose the rest of the object."""
    write_project(tmp_path, answers(visibility="private", plan="enterprise"), force=False)
    shared = yaml.safe_load(contents(tmp_path)["Pulumi.yaml"])["config"]
    expected = {"name": "shop-app", "visibility": "private", "plan": "enterprise"}
    assert shared["readiness:repository"]["default"] == expected
    for stack in STACKS:
        assert not set(shared) & set(config_of(tmp_path, stack))


def test_stacks_of_several_google_projects_name_their_own(tmp_path: Path) -> None:
    """Then no project is shared, and one service may have the same name in each."""
    stacks = ("dev=shop-dev-1:11", "live=shop-live-2")
    write_project(tmp_path, answers(stacks=stacks, project="", services="api", database="db"), force=False)
    assert "gcp:project" not in yaml.safe_load(contents(tmp_path)["Pulumi.yaml"])["config"]
    assert config_of(tmp_path, "dev")["gcp:project"] == "shop-dev-1"
    urls = [config_of(tmp_path, stack)["readiness:services"][0]["url"] for stack in ("dev", "live")]
    assert urls == ["https://api-11.europe-west1.run.app", "https://to-be-filled-in.invalid"]


@pytest.mark.parametrize("database", [("prod=shop-db",), ("staging=none", "prod=shop-{env}")])
def test_a_database_of_one_stack_leaves_the_other_without(tmp_path: Path, database: tuple[str, ...]) -> None:
    """Settings and alerts; a threshold is found where the README says."""
    _, warnings = write_project(tmp_path, answers(database=database), force=False)
    assert errors_only(warnings) == ()
    files = contents(tmp_path)
    assert "readiness:alerts" not in files["Pulumi.yaml"]
    assert "change a threshold in `Pulumi.prod.yaml`" in files["README.md"]
    settings = {stack: yaml.safe_load(files[f"Pulumi.{stack}.yaml"])["config"] for stack in ("staging", "prod")}
    assert "readiness:database" not in settings["staging"]
    assert "database_connection_errors" not in settings["staging"]["readiness:alerts"]
    assert settings["prod"]["readiness:database"]["instance"].startswith("shop-")
    assert "database_connection_errors" in settings["prod"]["readiness:alerts"]


def test_one_known_reviewer_is_completed_by_a_placeholder(tmp_path: Path) -> None:
    """Two are the least."""
    result = init(*OLD_OPTIONS, "--reviewer", "ada:1001", folder=tmp_path / "new")
    assert result.exit_code == 0
    environment = yaml.safe_dump(config_of(tmp_path / "new", "prod")["readiness:production_environment"])
    assert "login: ada" in environment
    assert "login: to-be-filled-in-2" in environment
    assert "reviewers.users[1]: is a placeholder for a reviewer" in result.output


def test_teams_approve_and_own_beside_people(tmp_path: Path) -> None:
    """A person and a team may have the same number: GitHub counts them apart. The environment has the name given."""
    given = answers(reviewers=("ada:1001", "shop/operators:1001"), github_environment="live")
    write_project(tmp_path, given, force=False)
    assert config_of(tmp_path, "prod")["readiness:production_environment"] == {
        "name": "live",
        "reviewers": {"users": [{"login": "ada", "id": 1001}], "teams": [{"slug": "operators", "id": 1001}]},
    }
    assert "* @ada @shop/operators\n" in contents(tmp_path)[".github/CODEOWNERS"]
    write_project(tmp_path / "teams", answers(reviewers=("shop/a:1", "shop/b:2")), force=False)
    reviewers = config_of(tmp_path / "teams", "prod")["readiness:production_environment"]["reviewers"]
    assert reviewers == {"teams": [{"slug": "a", "id": 1}, {"slug": "b", "id": 2}]}
    assert "# One of these approves." in contents(tmp_path / "teams")["Pulumi.prod.yaml"]


def test_addresses_that_are_not_known_are_placeholders_that_an_update_refuses(tmp_path: Path) -> None:
    """Of each service, in both stacks."""
    _, warnings = write_project(tmp_path, answers(reviewers=TWO_REVIEWERS), force=False)
    assert {warning.file: (warning.key, warning.placeholder) for warning in without_alert_gaps(warnings)} == {
        f"Pulumi.{stack}.yaml": ("readiness:services[0].url", True) for stack in STACKS
    }


@pytest.mark.parametrize(("visibility", "plan"), [("private", "free"), ("private", "pro"), ("private", "team")])
def test_no_environment_is_written_where_github_would_not_enforce_it(
    tmp_path: Path, visibility: str, plan: str
) -> None:
    """It says so instead of writing what `check` would refuse, and the repository stays what it is."""
    given = answers(visibility=visibility, plan=plan, project_number="1", code_owners="@shop/platform")
    _, warnings = write_project(tmp_path, given, force=False)
    (warning,) = without_alert_gaps(warnings)
    assert warning.key == "readiness:production_environment"
    assert "nobody has to approve" in warning.message
    assert "GitHub Enterprise only" in warning.hint
    settings = "".join(settings_files(given).values())
    assert f"visibility: {visibility}\n" in settings
    assert "public" not in settings


def test_a_channel_waits_for_its_secret_as_a_comment_that_becomes_the_setting(tmp_path: Path) -> None:
    """`check` refuses a channel without its secret; a channel that exists needs none and is declared at once."""
    given = answers(slack_channel="#ops-{env}", pagerduty_service="Shop: {env}", code_owners="@shop/platform")
    _, warnings = write_project(tmp_path, given, force=False)
    unfinished = {warning.key for warning in warnings if warning.rule_id == "init-unfinished"}
    assert unfinished == {"readiness:channels.slack", "readiness:channels.pagerduty"}
    text = contents(tmp_path)["Pulumi.prod.yaml"]
    assert "  # pulumi config set --secret readiness:slack_auth_token --stack prod\n" in text
    body = "".join(
        line.removeprefix("  #     ") for line in text.splitlines(keepends=True) if line.startswith("  #     ")
    )
    assert yaml.safe_load(body) == {
        "slack": {"channel_name": "#ops-prod"},
        "pagerduty": {"service_name": "Shop: prod"},
    }
    existing = settings_files(answers(slack_channel="projects/shop-cloud/notificationChannels/12"))
    assert "id: projects/shop-cloud/notificationChannels/12\n" in existing["Pulumi.prod.yaml"]
    assert "config set" not in existing["Pulumi.prod.yaml"]


def test_slack_is_ready_as_a_comment_where_nobody_named_a_channel() -> None:
    """With its steps and the command for its secret; no other channel is guessed."""
    files = settings_files(answers())
    for stack in ("staging", "prod"):
        text = files[f"Pulumi.{stack}.yaml"]
        assert "  # Slack: make an app with the bot scope chat:write at https://api.slack.com/apps" in text
        assert f"  # pulumi config set --secret readiness:slack_auth_token --stack {stack}\n" in text
        assert "  #     slack:\n  #       channel_name: '#alerts'\n" in text
        assert "pagerduty" not in text


@pytest.mark.parametrize(
    ("url", "delivered"),
    [
        (None, False),
        ("https://github.com/shop/shop-app/blob/main/docs/runbook.md", True),
        ("https://wiki.harbor.dev/runbook/", False),
    ],
)
def test_the_documents_are_delivered_where_notifications_link_to_the_applications_repository(
    url: str | None, delivered: bool
) -> None:
    """Nothing else would put the pages there."""
    given = answers() if url is None else answers(runbook_url=url)
    files = settings_files(given)
    assert ("readiness:managed_files:\n    documents: true\n" in files["Pulumi.prod.yaml"]) is delivered
    assert "managed_files" not in files["Pulumi.staging.yaml"]


def test_code_owners_that_nobody_named_are_warned_of(tmp_path: Path) -> None:
    """An owner that GitHub does not know owns nothing."""
    _, warnings = write_project(tmp_path, answers(), force=False)
    assert [warning.file for warning in warnings if "owner" in warning.message] == [".github/CODEOWNERS"]
    assert "* @shop/to-be-filled-in\n" in contents(tmp_path)[".github/CODEOWNERS"]


@pytest.mark.parametrize("name", sorted([*files_of(answers()), "docs/runbook.md", "docs/runbook/HighLatency.md"]))
def test_one_existing_file_keeps_all_from_being_written(tmp_path: Path, name: str) -> None:
    """It is named and left alone; with --force it is replaced."""
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine\n", encoding="utf-8")
    (problem,) = refused(init(*OLD_OPTIONS, folder=tmp_path))
    assert (problem.file, problem.message) == (name, "exists already")
    assert "`--force` replaces it" in problem.hint
    assert contents(tmp_path) == {name: "mine\n"}
    assert init(*OLD_OPTIONS, "--force", folder=tmp_path).exit_code == 0
    assert "mine\n" not in contents(tmp_path).values()


@pytest.mark.parametrize("line", ["encryptionsalt: v1:x\n", "encryptedkey: x\n", "  a:b:\n    secure: v1:x\n"])
def test_not_even_force_loses_the_key_of_a_stack(project: Path, line: str) -> None:
    """Without its salt neither the state nor a stored secret can be read again."""
    with (project / "Pulumi.prod.yaml").open("a") as file:
        file.write(line)
    before = contents(project)
    (problem,) = refused(init(*OLD_OPTIONS, "--force", folder=project))
    assert (problem.file, problem.hint) == ("Pulumi.prod.yaml", "Move it away first, if that is what you want")
    assert contents(project) == before


def test_what_is_not_a_file_is_not_replaced(tmp_path: Path) -> None:
    """A folder of that name is named as what it is, with `--force` too."""
    (tmp_path / "Pulumi.yaml").mkdir()
    (problem,) = refused(init(*OLD_OPTIONS, "--force", folder=tmp_path))
    assert (problem.file, problem.message) == ("Pulumi.yaml", "is not a file")
    assert contents(tmp_path) == {}


@pytest.mark.parametrize("blocked", ["docs", ".github", ".github/workflows"])
def test_a_file_in_the_place_of_a_folder_is_named(tmp_path: Path, blocked: str) -> None:
    """No folder is made beside it, with `--force` too."""
    (tmp_path / blocked).parent.mkdir(exist_ok=True)
    (tmp_path / blocked).write_text("mine\n", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    for force in ((), ("--force",)):
        (problem,) = refused(init(*OLD_OPTIONS, *force, folder=tmp_path))
        assert (problem.file, problem.message[:15]) == (str(tmp_path / blocked), "is not a folder")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("is_link", [False, True])
def test_a_target_that_is_no_folder_is_named(tmp_path: Path, is_link: bool) -> None:
    """A file, or a link that leads nowhere."""
    if is_link:
        (tmp_path / "shop").symlink_to("nowhere")
    else:
        (tmp_path / "shop").touch()
    (problem,) = refused(init(*OLD_OPTIONS, folder=tmp_path / "shop"))
    assert (problem.file, problem.message[:15]) == (str(tmp_path / "shop"), "is not a folder")


@pytest.mark.parametrize(
    "trick", ["a: b", "x\ny: z", "{env}", "# no", "*alias", "!tag", "'", '"', "- - -", "null", "yes"]
)
def test_no_answer_can_become_another_setting(trick: str) -> None:
    """Whatever is typed stays one text: YAML is written by its own writer."""
    for name in ("project", "repository", "emails", "registry", "slack_channel", "pagerduty_service"):
        if (name, trick) == ("project", "{env}"):
            continue  # a project for each stack
        files, plain = (settings_files(answers(**{name: text})) for text in (trick, "plain"))
        for key, text in files.items():
            assert list(yaml.safe_load(text)["config"]) == list(yaml.safe_load(plain[key])["config"])
    shared = yaml.safe_load(settings_files(answers(repository=trick))["Pulumi.yaml"])["config"]
    assert shared["readiness:repository"]["default"]["name"] == trick


def test_without_a_folder_the_project_around_is_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From any folder inside it; outside of one, the working folder is."""
    (project / "deep").mkdir()
    monkeypatch.chdir(project / "deep")
    assert CliRunner().invoke(cli, ["init", *OLD_OPTIONS, "--force"]).exit_code == 0
    assert "shop-cloud" in contents(project)["Pulumi.yaml"]
    (project / "Pulumi.yaml").unlink()
    assert CliRunner().invoke(cli, ["init", *OLD_OPTIONS]).exit_code == 0
    written = {name for name in contents(project / "deep") if not name.startswith("docs/runbook/")}
    assert written == {*files_of(answers()), "docs/runbook.md"}


def test_what_is_written_can_be_checked_from_code(tmp_path: Path) -> None:
    """No error in either stack, whichever options are chosen."""
    choices: tuple[dict[str, str], ...] = (
        {},
        {"adopt_registry": "false"},
        {"registry": "shop-images"},
        {"visibility": "internal", "plan": "enterprise"},
    )
    for number, changed in enumerate(choices):
        folder = tmp_path / str(number)
        write_project(folder, answers(**changed), force=False)
        checked = check_project(folder, STACKS, now=clock.now())
        assert not [problem for found in checked.values() for problem in errors_only(found.problems)]
        settings = checked["prod"].settings
        assert settings is not None
        assert settings.image_registry is not None
        assert settings.image_registry.repository_id == changed.get("registry", "shop-app")
        assert settings.image_registry.adopt is (changed.get("adopt_registry") != "false")


def test_how_a_service_logs_is_written_to_it_in_every_stack() -> None:
    """One answer for all services, or one for each of them."""
    both = ("shop-api-{env}", "shop-web-{env}=frontend")
    for logs, expected in {
        ("go/json",): [("go", "json"), ("go", "json")],
        ("shop-api-{env}=java/json", "shop-web-{env}=node/text"): [("java", "json"), ("node", "text")],
    }.items():
        written = files_of(answers(services=both, logs=logs))
        for stack in ("staging", "prod"):
            services = yaml.safe_load(written[f"Pulumi.{stack}.yaml"])["config"]["readiness:services"]
            found = [(service["logs"]["language"], service["logs"]["format"]) for service in services]
            assert found == expected


def test_a_service_whose_log_nobody_described_is_asked_for_in_a_comment() -> None:
    """With every language and both formats; the silent default would find nothing in another language's log."""
    written = files_of(answers(logs=""))["Pulumi.prod.yaml"]
    (comment,) = [line for line in written.splitlines() if "how it logs" in line]
    assert comment.strip().startswith("# Add to each service")
    for word in (*get_args(Language), *get_args(LogFormat)):
        assert word in comment
    assert "how it logs" not in files_of(answers())["Pulumi.prod.yaml"]
