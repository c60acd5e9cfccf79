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


def teams(count: int) -> str:
    """Lines of a list of teams."""
    return "      teams:\n" + "".join(f"        - slug: team-{n}\n          id: {n}\n" for n in range(1, count + 1))


def with_id(identity: str) -> str:
    """Two people, the first with this id."""
    return f"        - login: ada\n          id: {identity}\n        - login: grace\n          id: 1002\n"


FOUR = people("ada", "grace", "alan", "edsger")
BOTH = "may also approve in the protected environment, so one person could give both approvals"
REPEATED = "Keep one of the two"
WHOLE = "must be a whole number"

# The list of users, what follows it in the section, the key below `production_environment`, the message and the hint.
MISTAKES = [
    # An empty list would be sent as an environment that nobody guards.
    ("", "", "reviewers", "names nobody", "List at least 2 users or teams"),
    (people("ada"), "", "reviewers", "names one reviewer only, who could not approve an own deployment",
     "List at least 2 users or teams"),
    # The provider counts each list by itself on a create, and blocks the preview after it.
    (FOUR, teams(3), "reviewers", "names 7 users and teams, and GitHub takes 6 together",
     "List a team instead of its members"),
    (people(*(f"user-{n}" for n in range(2000))), "", "reviewers", "names 2000 users and teams",
     "List a team instead of its members"),
    # GitHub's names have no case, and it is sent the ids alone.
    (f"{TWO_PEOPLE}        - login: ADA\n          id: 1001\n", "", "reviewers.users[2].login", "repeats item [0]",
     REPEATED),
    (f"{TWO_PEOPLE}        - login: alan\n          id: 1002\n", "", "reviewers.users[2].id", "repeats item [1]",
     f"{REPEATED}, or write the right id"),
    # An id that a double cannot hold would arrive as another.
    (with_id("0"), "", "reviewers.users[0].id", "is 0, which is nobody's id", ""),
    (with_id("-5"), "", "reviewers.users[0].id", "is -5, but must be at least 0", ""),
    (with_id('"1001"'), "", "reviewers.users[0].id", f"{WHOLE}, not text", ""),
    (with_id("1001.5"), "", "reviewers.users[0].id", WHOLE, ""),
    (with_id("true"), "", "reviewers.users[0].id", WHOLE, ""),
    (with_id("9007199254740992"), "", "reviewers.users[0].id",
     "is 9007199254740992, but must be at least 0 and at most 9007199254740991", ""),
    # One person could give both approvals: found by name, and by id.
    *(
        (TWO_PEOPLE, second_approval(people("alan", first_id=2001) + same), "second_approval.reviewers.users[1]", BOTH,
         "List each reviewer in one of the two")
        for same in ("        - login: GRACE\n          id: 77\n", "        - login: g\n          id: 1002\n")
    ),
    # 0 to 43,200 minutes.
    *(
        (TWO_PEOPLE, f"    wait_timer_minutes: {minutes}\n", "wait_timer_minutes", said, "")
        for minutes, said in (("-1", "is -1"), ("43201", "is 43201"), ("true", WHOLE), ('"5"', WHOLE))
    ),
]  # fmt: skip
RIGHT = {
    "two known reviewers": (TWO_PEOPLE, ""),
    "six of them, users and teams together": (FOUR, teams(2)),
    "a team with the id of a user": (TWO_PEOPLE, "      teams:\n        - slug: ada\n          id: 1001\n"),
    "a second approval of other people": (TWO_PEOPLE, second_approval(people("alan", "edsger", first_id=2001))),
    "logins of managed accounts": (people("ada_shop", "grace_shop"), ""),
}
WEAK = {
    "can_admins_bypass: true": "allows administrators to deploy without approval",
    "prevent_self_review: false": "allows reviewers to approve their own deployments",
}


@pytest.mark.parametrize(("users", "more"), RIGHT.values(), ids=RIGHT)
def test_what_github_takes_leaves_nothing_to_be_said(project: Path, users: str, more: str) -> None:
    """The other side of the mistakes."""
    with_people(project, users, more)
    assert found(project) == {}


@pytest.mark.parametrize(("users", "more", "key", "message", "hint"), MISTAKES)
def test_a_mistake_is_one_problem_with_its_hint(
    project: Path, users: str, more: str, key: str, message: str, hint: str
) -> None:
    """At its key, and nothing beside it."""
    edit(project, "      users:\n" + PLACEHOLDERS, ("      users:\n" + users if users else "      users: []\n") + more)
    (problem,) = found(project).values()
    assert problem.key == f"readiness:production_environment.{key}"
    assert problem.message.startswith(message)
    assert problem.hint.startswith(hint)
    assert problem.hint
    assert problem.severity is Severity.ERROR


@pytest.mark.parametrize("line", WEAK)
def test_a_weak_flag_is_warned_of(project: Path, line: str) -> None:
    """The setting is the customer's to choose, knowingly."""
    with_people(project, TWO_PEOPLE, f"    {line}\n")
    (problem,) = found(project).values()
    assert (problem.message, problem.severity) == (WEAK[line], Severity.WARNING)


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


def test_the_second_environment_is_held_to_the_same_rules(project: Path) -> None:
    """Lower case, two reviewers, and another name than the first."""
    with_people(project, TWO_PEOPLE, second_approval(people("alan", first_id=0), name="Production"))
    path = "production_environment.second_approval"
    problems = check_stack(project, "prod").problems
    told = [(problem.key.removeprefix("readiness:"), problem.message) for problem in problems if path in problem.key]
    assert [key for key, _ in told] == [
        f"{path}.name",
        f"{path}.name",
        f"{path}.reviewers",
        f"{path}.reviewers.users[0].id",
    ]
    assert {message for key, message in told if key == f"{path}.name"} > {"is the protected environment itself"}


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
