"""`readiness init`: what is said of wrong, missing and useless answers, and how they are asked for."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import get_args

import pytest
from click.testing import CliRunner, Result

from readiness.cli.main import cli
from readiness.finding import Finding, RefusedError
from readiness.live.init.answers import RULES, Plan, Visibility, problems_of
from readiness.live.init.project_files import files_of, installed_package
from readiness.live.init.questions import QUESTIONS
from tests.live.init.companies import SHOP, answers, given
from tests.projects import ROOT


def init(*arguments: str, folder: Path, text: str | None = None) -> Result:
    """Runs the command; what is refused is the result's exception."""
    return CliRunner().invoke(cli, ["init", str(folder / "new"), *arguments], input=text)


def refused(result: Result) -> tuple[Finding, ...]:
    """The problems for which the command was refused; then nothing may be written."""
    assert isinstance(result.exception, RefusedError), result.output
    return result.exception.problems


def options(**changed: str | tuple[str, ...]) -> list[str]:
    """The shop's answers as options."""
    by_name = {question.name: question.option for question in QUESTIONS}
    return [part for name, texts in given(**changed).items() for text in texts for part in (by_name[name], text)]


def test_the_shops_answers_have_no_problem() -> None:
    """Else the tests below could not fail for the reason that they name."""
    assert list(problems_of(given())) == []


@pytest.mark.parametrize(
    ("changed", "option", "message"),
    [
        ({"stacks": "Prod"}, "--stack", "is not a lower-case name"),
        ({"stacks": "a=b=c"}, "--stack", "is not NAME, NAME=PROJECT"),
        ({"stacks": ("a=shop-a-1:x", "b")}, "--stack", "is not a number"),
        ({"stacks": ("a=NO", "b")}, "--stack", "is not"),
        ({"stacks": ("preview", "prod")}, "--stack", "is the environment of the identity that only reads"),
        ({"stacks": ("prod", "production")}, "--stack", "has the environment production, as another stack"),
        ({"stacks": ("a", "a")}, "--stack", "names the same twice"),
        ({"project": "Shop!"}, "--project", "is not"),
        ({"project_number": "12a"}, "--project-number", "is not a number"),
        ({"project_number": "../x"}, "--project-number", "is not a number"),
        ({"region": "mars"}, "--region", "is not"),
        ({"region": ("us-east1", "us-east2")}, "--region", "is given 2 times"),
        ({"github_owner": "-"}, "--github-owner", "is not"),
        ({"repository": "a/b"}, "--repository", "is not"),
        ({"visibility": "secret"}, "--visibility", "is none of the choices"),
        ({"visibility": ""}, "--visibility", "is missing"),
        ({"visibility": "private"}, "--plan", "is missing"),
        ({"visibility": "internal", "plan": "team"}, "--plan", "has no internal repositories"),
        ({"plan": "gold"}, "--plan", "is none of the choices"),
        ({"reviewers": "ada"}, "--reviewer", "is not LOGIN:ID"),
        ({"reviewers": "other/operators:1"}, "--reviewer", "is a team of another organization than shop"),
        ({"reviewers": "shop/Operators:1"}, "--reviewer", "is not the slug of a team"),
        ({"reviewers": "shop/operators"}, "--reviewer", "is not LOGIN:ID or ORGANIZATION/TEAM:ID"),
        ({"reviewers": ("shop/a:1", "shop/a:2")}, "--reviewer", "names shop/a twice"),
        ({"reviewers": ("shop/a:1", "shop/b:1")}, "--reviewer", "has the number 1 of another reviewer"),
        ({"github_environment": "a b"}, "--github-environment", "is not the name of an environment"),
        ({"reviewers": "ada:0"}, "--reviewer", "has the number 0"),
        ({"reviewers": ("ada:1", "Ada:2")}, "--reviewer", "names ada twice"),
        ({"reviewers": ("ada:1", "bob:1")}, "--reviewer", "has the number 1 of another reviewer"),
        ({"reviewers": tuple(f"r{n}:{n}" for n in range(1, 8))}, "--reviewer", "is one of 7"),
        ({"services": "api"}, "--service", "names the same thing in two stacks of one project"),
        ({"services": "API-{env}"}, "--service", "is not"),
        ({"services": "a-{env}=Back end"}, "--service", "is not"),
        ({"services": "a-{env}=backend:health"}, "--service", "is not a path"),
        ({"services": ("a-{env}", "a-{env}=frontend")}, "--service", "names a service that another answer names"),
        ({"services": ""}, "--service", "is missing"),
        ({"backend_service": "shop-api-{env}"}, "--backend-service", "names a service that another answer names"),
        ({"database": "db"}, "--database", "names the same thing in two stacks of one project"),
        ({"database": "DB-{env}"}, "--database", "is not"),
        ({"database": "DB=x"}, "--database", "names the stack DB, which is none"),
        ({"database": "prod=X"}, "--database", "is not"),
        ({"database": ("db-{env}", "prod=db")}, "--database", "is given for all stacks, beside another answer"),
        ({"database": ("prod=db", "prod=pg")}, "--database", "is given twice for the stack prod"),
        ({"database": ("prod=db", "staging=db")}, "--database", "names the same thing in two stacks of one project"),
        ({"logs": "node"}, "--log", "is not LANGUAGE/FORMAT or SERVICE=LANGUAGE/FORMAT"),
        ({"logs": "ruby/json"}, "--log", "is not one of the allowed values"),
        ({"logs": "node/xml"}, "--log", "is not one of the allowed values"),
        ({"logs": "other/json"}, "--log", "has no ready patterns"),
        ({"logs": "shop-web=node/json"}, "--log", "names the service shop-web, which is none"),
        ({"logs": ("node/json", "go/json")}, "--log", "is given for all services, beside another answer"),
        (
            {"logs": ("shop-api-{env}=node/json", "shop-api-{env}=go/json")},
            "--log",
            "names the service shop-api-{env} twice",
        ),
        ({"emails": "nobody"}, "--email", "is not an e-mail address"),
        ({"slack_channel": "ops"}, "--slack-channel", "is not"),
        ({"slack_channel": "projects/other-1/notificationChannels/1"}, "--slack-channel", "is a channel of another"),
        ({"images": "UPPER"}, "--image", "is not"),
        ({"registry": "Shop"}, "--registry", "is not"),
        ({"repository": "Shop_App"}, "--registry", "is missing"),
        ({"migration_user": "shop"}, "--migration-database", "is missing"),
        ({"dependabot": "pip"}, "--dependabot", "is not ECOSYSTEM=FOLDER"),
        ({"dependabot": "pipp=/"}, "--dependabot", "is of no known ecosystem"),
        ({"dependabot": "pip=api"}, "--dependabot", "is not"),
        ({"dependabot": ("none", "pip=/")}, "--dependabot", "is given beside ecosystems"),
        ({"code_owners": "platform"}, "--code-owner", "is not an owner that GitHub knows"),
        ({"runbook_url": "http://x"}, "--runbook-url", "is not an https address"),
        ({"package": "readiness"}, "--package", "is not readiness==VERSION"),
    ],
)
def test_a_wrong_answer_is_named_by_its_option(
    tmp_path: Path, changed: dict[str, str | tuple[str, ...]], option: str, message: str
) -> None:
    """With what is wrong and how to fix it; nothing is written."""
    problems = refused(init(*options(**changed), folder=tmp_path, text=""))
    found = [problem.message for problem in problems if problem.key == option]
    assert found, problems
    assert found[0].startswith(message)
    assert all(problem.hint for problem in problems)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("changed", "option", "because"),
    [
        (
            {"visibility": "private", "plan": "team", "reviewers": "ada:1"},
            "--reviewer",
            "team plan enforces no reviewers",
        ),
        (
            {"visibility": "private", "plan": "team", "github_environment": "live"},
            "--github-environment",
            "team plan enforces no reviewers",
        ),
        ({"images": "", "registry": "x"}, "--registry", "no image is named"),
        ({"images": "", "adopt_registry": "false"}, "--create-registry", "no image is named"),
        ({"stacks": ("a=shop-a-1", "b=shop-b-2")}, "--project", "every stack names a project of its own"),
        ({"project": "shop-{env}", "project_number": "1"}, "--project-number", "each stack has a project of its own"),
        ({"database": "", "migration_database": "x"}, "--migration-database", "there is no database to migrate"),
        ({"vpc_connector": "x"}, "--vpc-connector", "--migration-database is missing"),
    ],
)
def test_an_answer_without_effect_is_refused_and_not_dropped(
    tmp_path: Path, changed: dict[str, str | tuple[str, ...]], option: str, because: str
) -> None:
    """The reason is said."""
    arguments = ["--create-registry" if part == "--adopt-registry" else part for part in options(**changed)]
    if "--create-registry" in arguments:
        arguments.remove("false")
    problems = refused(init(*arguments, folder=tmp_path, text=""))
    key = option.replace("--create-registry", "--adopt-registry")
    (message,) = (problem.message for problem in problems if problem.key == key)
    assert message.startswith("has no effect: ")
    assert because in message


def test_all_wrong_answers_are_named_at_once(tmp_path: Path) -> None:
    """A script has one try."""
    wrong = {"project": "Shop!", "region": "mars", "services": "api", "emails": "nobody", "visibility": "secret"}
    problems = refused(init(*options(**wrong), folder=tmp_path, text=""))
    assert [problem.key for problem in problems] == ["--project", "--region", "--visibility", "--service", "--email"]


def test_on_a_pipe_nothing_is_asked_and_all_that_is_missing_is_named(tmp_path: Path) -> None:
    """A database, images and the rest may be left out."""
    problems = refused(init("--project", "shop-cloud", folder=tmp_path, text=""))
    assert [problem.key for problem in problems] == [
        "--region", "--github-owner", "--repository", "--visibility", "--service", "--email",
    ]  # fmt: skip
    assert all(problem.hint.startswith("Give it: ") for problem in problems)


def test_wrong_answers_of_a_file_are_named_by_line(tmp_path: Path) -> None:
    """Names may have the options' form; a misspelt one is an error, and so is one that is given twice."""
    file = tmp_path / "answers.yaml"
    file.write_text(
        "project: Shop!\nregion: mars\ngithub-owner: shop\nrepositry: x\nvisibility: public\nservice: ['A-{env}']\n"
        "emails: [ops@shop.dev, {}]\n",
        encoding="utf-8",
    )
    problems = refused(init("--answers", str(file), "--region", "us-east1", folder=tmp_path, text=""))
    found = {(problem.key, problem.line): problem.message for problem in problems if problem.file == str(file)}
    assert found[("repositry", 4)] == "is not an answer of init"
    assert found[("emails", 7)] == "is not text"
    assert found[("region", 2)] == "is given as --region too"
    assert found[("project", 1)].startswith("is not")
    assert found[("service", 6)].startswith("is not a lower-case name")
    assert len(problems) == len(found) + 1, "nothing is named twice; --repository alone is missing"
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("text", ["", "- region\n", "region\n", "region: [\n", "region: !x y\n", "a: &a [*a]\n"])
def test_a_file_that_holds_no_answers_is_refused(tmp_path: Path, text: str) -> None:
    """With one message, whatever it holds."""
    file = tmp_path / "answers.yaml"
    file.write_text(text, encoding="utf-8")
    assert refused(init("--answers", str(file), folder=tmp_path, text=""))
    assert refused(init("--answers", str(tmp_path / "none.yaml"), folder=tmp_path, text=""))


def test_a_file_may_have_several_answers_in_one_text_as_an_option_has(tmp_path: Path) -> None:
    """Separated with commas, where the question takes several."""
    file = tmp_path / "answers.yaml"
    file.write_text("emails: a@shop.dev, b@shop.dev\nservices: ['shop-{env}', 'a,b']\n", encoding="utf-8")
    problems = refused(init("--answers", str(file), folder=tmp_path, text=""))
    found = [(problem.key, problem.message) for problem in problems if problem.file == str(file)]
    assert [key for key, _ in found] == ["services"], "an item of a list is one answer"


@pytest.mark.parametrize("value", ["", "[]", "~", "''"])
def test_an_answer_without_a_value_is_named_as_that(tmp_path: Path, value: str) -> None:
    """It has nothing that could be quoted."""
    file = tmp_path / "answers.yaml"
    file.write_text(f"region: {value}\n", encoding="utf-8")
    problems = refused(init("--answers", str(file), folder=tmp_path, text=""))
    (found,) = (problem for problem in problems if problem.file == str(file))
    assert (found.message, found.hint) == ("has no value", "Write one, or remove the line")


def test_an_option_with_an_empty_value_is_not_one_that_was_left_out(tmp_path: Path) -> None:
    """It may be a variable of a script that is not set."""
    problems = refused(init(*options(), "--image", "", "--code-owner", " , ", folder=tmp_path, text=""))
    assert {problem.key for problem in problems} == {"--image", "--code-owner"}


def test_the_same_mistake_in_two_answers_is_one_problem(tmp_path: Path) -> None:
    """Two stacks of one name are one mistake."""
    problems = refused(init(*options(stacks="a=shop-one,a=shop-two"), folder=tmp_path, text=""))
    assert [problem.key for problem in problems].count("--stack") == 1


def test_an_input_that_ends_amid_the_questions_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names the question; nothing is written."""
    monkeypatch.setattr("readiness.cli.init._on_a_terminal", lambda: True)
    result = init(folder=tmp_path, text="staging,prod\nshop-cloud\n")
    assert result.exit_code == 1
    assert "the input ended at the question for --project-number, so nothing was written. " in result.output
    assert not (tmp_path / "new").exists()


def test_on_a_terminal_a_wrong_answer_is_asked_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One that is given as an option too. Nothing that was right is lost; what decides nothing is not asked."""
    monkeypatch.setattr("readiness.cli.init._on_a_terminal", lambda: True)
    typed = [
        "staging,prod", "shop-cloud", "1x", "864523342928", "mars", "europe-west1", "shop", "shop-app", "secret",
        "public", "", "api", "shop-api-{env}", "shop-db-{env}", "node", "node/json", "nobody", "ops@shop.dev", "",
        "api,web", "",
    ]  # fmt: skip
    result = init("--project", "Shop!", folder=tmp_path, text="\n".join(typed) + "\n")
    assert result.exit_code == 0, result.output
    for option in ("--project", "--project-number", "--region", "--visibility", "--service", "--log", "--email"):
        assert result.output.count(f"{option} ") >= 1, option
    assert "--plan" not in result.output
    assert "GitHub plan" not in result.output, "it decides nothing for a public repository"
    assert "existing notification channel (press Enter to omit it): " in result.output
    assert "Region, such as us-central1: " in result.output, "what is needed cannot be left out"
    expected = answers(project_number="864523342928", package=installed_package())
    for name, text in files_of(expected).items():
        assert (tmp_path / "new" / name).read_text(encoding="utf-8") == text


def test_the_plan_is_asked_for_a_private_repository_and_reviewers_only_where_they_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GitHub Team enforces none in a private one."""
    monkeypatch.setattr("readiness.cli.init._on_a_terminal", lambda: True)
    arguments = options(visibility="private", project_number="1", slack_channel="#ops", code_owners="@shop/platform")
    for plan, asked in (("team", False), ("enterprise", True)):
        lines = "\n".join(["staging,prod", plan, *([""] if asked else [])]) + "\n"
        result = init(*arguments, "--force", folder=tmp_path, text=lines)
        assert result.exit_code == 0, result.output
        assert "GitHub plan" in result.output
        assert ("Who may approve" in result.output) is asked


def test_every_rule_is_of_a_question_and_the_choices_are_the_settings_own() -> None:
    """A question without a rule takes any text: none has."""
    assert set(RULES) == {question.name for question in QUESTIONS}
    choices = {question.name: question.choices for question in QUESTIONS}
    assert (choices["visibility"], choices["plan"]) == (get_args(Visibility), get_args(Plan))
    assert set(SHOP) <= set(RULES)


def test_the_guide_names_every_answer_and_its_example_has_no_problem(tmp_path: Path) -> None:
    """But for the short forms and the number, which a stack has too."""
    page = (ROOT / "docs" / "init.md").read_text(encoding="utf-8")
    names = {question.name for question in QUESTIONS} - {"backend_service", "frontend_service", "project_number"}
    assert {name for name in names if not re.search(rf"\b{name}\b", page)} == set()
    (example,) = re.findall(r"```yaml\n(.*?)```", page, flags=re.DOTALL)
    file = tmp_path / "answers.yaml"
    file.write_text(example, encoding="utf-8")
    assert init("--answers", str(file), folder=tmp_path, text="").exit_code == 0


def test_dir_and_folder_are_not_both_given(tmp_path: Path) -> None:
    """They are two names of one thing."""
    result = init("--folder", str(tmp_path), folder=tmp_path)
    assert result.exit_code == 2
    assert "Give only one" in result.output


@pytest.mark.parametrize("arguments", [("",), ("--folder", "")], ids=["DIR", "--folder"])
def test_an_empty_dir_is_not_the_current_folder(arguments: tuple[str, ...]) -> None:
    """An unset variable of a script must not write a project wherever the script runs."""
    result = CliRunner().invoke(cli, ["init", *arguments])
    assert result.exit_code == 2
    assert "DIR is empty" in result.output


def test_the_question_is_whether_the_input_is_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not the output: `readiness init | tee` may ask."""
    from readiness.cli import init as command

    monkeypatch.setattr(sys, "stdin", type("Stream", (), {"isatty": lambda self: True})())
    assert command._on_a_terminal()
    monkeypatch.setattr(sys, "stdin", None)
    assert not command._on_a_terminal(), "a closed input is asked nothing"
