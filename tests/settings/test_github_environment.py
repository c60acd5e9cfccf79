"""The guarded environment's refused states, each with its hint, all of them in one run."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Severity, errors_only
from readiness.rules.stack import check_stack
from tests.edits import PLACEHOLDERS, TWO_PEOPLE, edit, found, line_of

REVIEWERS = "production_environment.reviewers"


def people(*logins: str, first_id: int = 1001) -> str:
    """Lines of a list of users."""
    return "".join(f"        - login: {login}\n          id: {first_id + n}\n" for n, login in enumerate(logins))


def second_approval(users: str, name: str = "production-second") -> str:
    """Lines of the second environment, below `production_environment`."""
    return f"    second_approval:\n      name: {name}\n      reviewers:\n        users:\n" + "".join(
        f"  {line}\n" for line in users.splitlines()
    )


def with_people(project: Path, users: str, more: str = "") -> None:
    """Writes the list of users, and further lines of the section after it."""
    edit(project, PLACEHOLDERS, users + more)


def test_two_known_reviewers_leave_nothing_to_be_said(project: Path) -> None:
    """The state that every other test breaks."""
    with_people(project, TWO_PEOPLE)
    assert found(project) == {}


@pytest.mark.parametrize(
    ("users", "words"),
    [("", "names nobody"), (people("ada"), "names one reviewer only, who could not approve an own deployment")],
)
def test_fewer_than_two_reviewers_are_refused(project: Path, users: str, words: str) -> None:
    """An empty list would be sent as an environment that nobody guards."""
    edit(project, "      users:\n" + PLACEHOLDERS, "      users:\n" + users if users else "      users: []\n")
    (problem,) = found(project).values()
    assert (problem.key, problem.message) == (f"readiness:{REVIEWERS}", words)
    assert problem.hint == "List at least 2 users or teams"
    assert problem.line == line_of(project, "    reviewers:")


def test_users_and_teams_over_six_together_are_refused(project: Path) -> None:
    """The provider counts each list by itself on a create, and blocks the preview after it."""
    teams = "      teams:\n" + "".join(f"        - slug: team-{n}\n          id: {n}\n" for n in range(1, 4))
    with_people(project, people("ada", "grace", "alan", "edsger"), teams)
    (problem,) = found(project).values()
    assert problem.message == "names 7 users and teams, and GitHub takes 6 together"
    assert problem.hint == "List a team instead of its members"


def test_six_reviewers_users_and_teams_together_are_let_through(project: Path) -> None:
    """GitHub's limit is six, not five."""
    teams = "      teams:\n        - slug: team-a\n          id: 1\n        - slug: team-b\n          id: 2\n"
    with_people(project, people("ada", "grace", "alan", "edsger"), teams)
    assert found(project) == {}


def test_thousands_of_reviewers_are_one_problem(project: Path) -> None:
    """A huge list is answered in one line."""
    with_people(project, people(*(f"user-{n}" for n in range(2000))))
    (problem,) = found(project).values()
    assert "2000 users and teams" in problem.message


def test_a_login_that_repeats_in_another_case_is_refused_once(project: Path) -> None:
    """GitHub's names have no case; the equal id is the same mistake and is not told twice."""
    with_people(project, TWO_PEOPLE + "        - login: ADA\n          id: 1001\n")
    (problem,) = found(project).values()
    assert (problem.key, problem.message) == (f"readiness:{REVIEWERS}.users[2].login", "repeats item [0]")
    assert problem.hint == "Keep one of the two"


def test_an_id_that_repeats_under_another_login_is_refused(project: Path) -> None:
    """GitHub is sent the ids alone: the two are one person."""
    with_people(project, TWO_PEOPLE + "        - login: alan\n          id: 1002\n")
    (problem,) = found(project).values()
    assert (problem.key, problem.message) == (f"readiness:{REVIEWERS}.users[2].id", "repeats item [1]")
    assert problem.hint == "Keep one of the two, or write the right id"


def test_a_team_may_have_the_id_of_a_user(project: Path) -> None:
    """Users and teams are numbered by themselves."""
    with_people(project, TWO_PEOPLE, "      teams:\n        - slug: ada\n          id: 1001\n")
    assert found(project) == {}


@pytest.mark.parametrize(
    ("identity", "words"),
    [
        ("0", "is 0, which is nobody's id"),
        ("-5", "is -5, but must be at least 0"),
        ('"1001"', "must be a whole number, not text"),
        ("1001.5", "must be a whole number"),
        ("true", "must be a whole number"),
        ("9007199254740992", "but must be at least 0 and at most 9007199254740991"),
    ],
)
def test_an_id_that_is_nobodys_is_refused(project: Path, identity: str, words: str) -> None:
    """An id that a double cannot hold would arrive as another."""
    with_people(
        project, f"        - login: ada\n          id: {identity}\n        - login: grace\n          id: 1002\n"
    )
    (problem,) = found(project).values()
    assert problem.key == f"readiness:{REVIEWERS}.users[0].id"
    assert words in problem.message
    assert problem.hint


def test_every_refused_state_is_told_in_one_run_each_with_its_mend(project: Path) -> None:
    """One mistake hides no other one, wherever it stands."""
    edit(project, "    name: production\n    reviewers", "    name: Production\n    reviewers")
    users = people("ada", "grace", "Ada") + people("alan", first_id=1002) + people("zero", first_id=0)
    teams = "      teams:\n" + "".join(f"        - slug: team-{n}\n          id: {n}\n" for n in range(1, 4))
    policy = "    deployment_branch_policy:\n      protected_branches: true\n      custom_branch_policies: true\n"
    with_people(project, users, teams + policy)
    edit(project, "      name: ai-resume-review-v2\n", "      name: x\n      visibility: private\n", "Pulumi.yaml")
    problems = found(project)
    assert list(problems) == [
        "production_environment",
        "production_environment.name",
        REVIEWERS,
        f"{REVIEWERS}.users[2].login",
        f"{REVIEWERS}.users[3].id",
        f"{REVIEWERS}.users[4].id",
        "production_environment.deployment_branch_policy",
    ]
    assert problems["production_environment.name"].hint == "Write production"
    assert "where GitHub's free plan does not enforce reviewers" in problems["production_environment"].message
    assert problems["production_environment"].hint.startswith("Use GitHub Enterprise (repository.plan: enterprise)")
    assert problems["production_environment.deployment_branch_policy"].message.startswith("sets both branch flags")
    for problem in problems.values():
        assert (problem.file, problem.severity) == ("Pulumi.prod.yaml", Severity.ERROR)
        assert problem.line, f"no line: {problem}"
        assert problem.hint, f"no hint: {problem}"


@pytest.mark.parametrize("visibility", ["private", "internal"])
@pytest.mark.parametrize(("plan", "refused"), [("free", True), ("pro", True), ("team", True), ("enterprise", False)])
def test_a_repository_that_is_not_public_needs_enterprise(
    project: Path, visibility: str, plan: str, refused: bool
) -> None:
    """On the other plans GitHub drops the reviewers, without a word where the provider retries."""
    with_people(project, TWO_PEOPLE)
    lines = f"      name: ai-resume-review-v2\n      visibility: {visibility}\n      plan: {plan}\n"
    edit(project, "      name: ai-resume-review-v2\n", lines, "Pulumi.yaml")
    assert (list(found(project)) == ["production_environment"]) is refused


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("can_admins_bypass: true", "lets administrators deploy without approval"),
        ("prevent_self_review: false", "lets a reviewer approve an own deployment"),
    ],
)
def test_a_weakened_guard_is_warned_of(project: Path, line: str, words: str) -> None:
    """The setting is the customer's to choose, knowingly."""
    with_people(project, TWO_PEOPLE, f"    {line}\n")
    (problem,) = found(project).values()
    assert (problem.message, problem.severity) == (words, Severity.WARNING)


@pytest.mark.parametrize("minutes", ["-1", "43201", "true", '"5"'])
def test_a_wait_timer_out_of_githubs_range_is_refused(project: Path, minutes: str) -> None:
    """0 to 43,200 minutes."""
    with_people(project, TWO_PEOPLE, f"    wait_timer_minutes: {minutes}\n")
    assert list(found(project)) == ["production_environment.wait_timer_minutes"]


def test_placeholders_pass_with_a_warning_each_at_its_line(project: Path) -> None:
    """The customer's reviewers are not known: the stack is checked and planned with them missing."""
    problems = found(project)
    assert list(problems) == [f"{REVIEWERS}.users[0]", f"{REVIEWERS}.users[1]"]
    assert not errors_only(check_stack(project, "prod").problems)
    for problem in problems.values():
        assert problem.placeholder
        assert problem.severity is Severity.WARNING
        assert problem.hint == "Write the real login and id"
    assert problems[f"{REVIEWERS}.users[1]"].line == line_of(project, "to-be-filled-in-second")


@pytest.mark.parametrize("login", ["To-Be-Filled-In", "to-be-filled-in", "TO-BE-FILLED-IN-later"])
def test_a_placeholder_beside_a_real_reviewer_counts_as_two(project: Path, login: str) -> None:
    """Whatever its case: a mistyped placeholder must not pass for a person."""
    with_people(project, people("ada") + f"        - login: {login}\n          id: 0\n")
    (problem,) = found(project).values()
    assert problem.placeholder


def test_equal_placeholders_are_no_duplicates(project: Path) -> None:
    """They stand for two people who are not known yet."""
    with_people(project, people("to-be-filled-in", "to-be-filled-in"))
    assert [problem.placeholder for problem in found(project).values()] == [True, True]


def test_a_team_can_be_a_placeholder(project: Path) -> None:
    """Its slug is what has to be written."""
    with_people(project, TWO_PEOPLE, "      teams:\n        - slug: to-be-filled-in\n          id: 0\n")
    (problem,) = found(project).values()
    assert (problem.placeholder, problem.hint) == (True, "Write the real slug and id")


def test_placeholders_of_a_second_approval_are_warned_of_too(project: Path) -> None:
    """The same placeholder in both environments is not one person in both."""
    with_people(project, PLACEHOLDERS, second_approval(PLACEHOLDERS))
    problems = found(project).values()
    assert len(problems) == 4
    assert all(problem.placeholder for problem in problems)


def test_a_second_approval_of_other_people_is_let_through(project: Path) -> None:
    """Two environments, four people."""
    with_people(project, TWO_PEOPLE, second_approval(people("alan", "edsger", first_id=2001)))
    assert found(project) == {}


@pytest.mark.parametrize(
    "same", ["        - login: GRACE\n          id: 77\n", "        - login: g\n          id: 1002\n"]
)
def test_a_reviewer_of_both_environments_is_refused_by_name_and_by_id(project: Path, same: str) -> None:
    """One person could give both approvals."""
    with_people(project, TWO_PEOPLE, second_approval(people("alan", first_id=2001) + same))
    (problem,) = found(project).values()
    assert problem.key == "readiness:production_environment.second_approval.reviewers.users[1]"
    assert "one person could give both approvals" in problem.message
    assert problem.hint == "List each reviewer in one of the two"


def test_the_second_environment_is_held_to_the_same_rules(project: Path) -> None:
    """Lower case, two reviewers, and another name than the first."""
    with_people(project, TWO_PEOPLE, second_approval(people("alan", first_id=0), name="Production"))
    path = "production_environment.second_approval"
    problems = check_stack(project, "prod").problems
    told = [(each.key.removeprefix("readiness:"), each.message) for each in problems if path in each.key]
    assert [key for key, _ in told] == [
        f"{path}.name",
        f"{path}.name",
        f"{path}.reviewers",
        f"{path}.reviewers.users[0].id",
    ]
    assert {message for key, message in told if key == f"{path}.name"} > {"is the guarded environment itself"}


def test_a_login_of_a_managed_account_is_let_through(project: Path) -> None:
    """Enterprise managed users have `_` in their login."""
    with_people(project, people("ada_shop", "grace_shop"))
    assert found(project) == {}


def test_items_of_the_wrong_kind_are_told_and_break_no_rule(project: Path) -> None:
    """A rule across settings is no place for a traceback."""
    edit(project, PLACEHOLDERS, "        - ada\n        - 7\n")
    edit(project, "      - ecosystem: pip\n        directories:\n          - /backend\n", "      - pip\n")
    assert list(found(project)) == [f"{REVIEWERS}.users[0]", f"{REVIEWERS}.users[1]", "dependabot.updates[0]"]


@pytest.mark.parametrize("section", ["reviewers: nobody", "reviewers:\n    deployment_branch_policy: main"])
def test_sections_of_the_wrong_kind_are_told_and_break_no_rule(project: Path, section: str) -> None:
    """Each is one problem of its own."""
    text = (project / "Pulumi.prod.yaml").read_text(encoding="utf-8")
    start, end = text.index("    reviewers:"), text.index("  readiness:dependabot:")
    (project / "Pulumi.prod.yaml").write_text(f"{text[:start]}    {section}\n{text[end:]}", encoding="utf-8")
    assert "production_environment.reviewers" in found(project)
