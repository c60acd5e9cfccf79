"""Mistakes in environments, secrets, files, labels and rulesets, each found at its path."""

from __future__ import annotations

import pytest

from tests.rules.good_inputs import (
    DEPLOYMENT_POLICY,
    ENVIRONMENT,
    ENVIRONMENT_SECRET,
    FILE,
    LABEL,
    RULESET,
    SECRET,
    VARIABLE,
    good_body,
    good_inputs,
    resource,
)
from tests.rules.planting import LEFT_OUT, Mistake, assert_found, check_body, check_plan, planted

SEVEN = [{"type": "User", "id": number} for number in range(1, 8)]
TWICE = [{"type": "User", "id": 102}, {"type": "Team", "id": 102}, {"type": "User", "id": 102}]
FLAGS = {"protected_branches": True, "custom_branch_policies": True}
BODY_MISTAKES = [
    Mistake("a misspelt field of an environment", ENVIRONMENT, "wait_timerr", 5, "`wait_timer`"),
    Mistake("seven reviewers", ENVIRONMENT, "reviewers", SEVEN, "together are at most 6"),
    Mistake("no reviewer in the list", ENVIRONMENT, "reviewers", [], "nobody has to approve"),
    Mistake("a reviewer twice", ENVIRONMENT, "reviewers", TWICE, "the same as reviewers[0]", "reviewers[2]"),
    Mistake("a reviewer of no known type", ENVIRONMENT, "reviewers[0].type", "Group", "is not one of User, Team"),
    Mistake("a reviewer by name", ENVIRONMENT, "reviewers[0].id", "octocat", "is not of type integer"),
    Mistake("a wait of 31 days", ENVIRONMENT, "wait_timer", 44_640, "0 to 43200"),
    Mistake("a negative wait", ENVIRONMENT, "wait_timer", -1, "0 to 43200"),
    Mistake(
        "both branch flags",
        ENVIRONMENT,
        "deployment_branch_policy",
        FLAGS,
        "must not equal",
        "deployment_branch_policy.custom_branch_policies",
    ),
    Mistake(
        "one branch flag left out", ENVIRONMENT, "deployment_branch_policy.protected_branches", LEFT_OUT, "is required"
    ),
    Mistake("a pattern of nothing", DEPLOYMENT_POLICY, "name", "", "matches nothing"),
    Mistake("a pattern for a pull request", DEPLOYMENT_POLICY, "type", "pull", "is not one of branch, tag"),
    Mistake(
        "a secret that is not encrypted",
        ENVIRONMENT_SECRET,
        "encrypted_value",
        "not base64!",
        "does not satisfy pattern",
    ),
    Mistake("a variable's reserved name", VARIABLE, "name", "github_token", "a name for GitHub Actions"),
    Mistake("a variable's name with a dash", VARIABLE, "name", "MY-REGION", "a name for GitHub Actions"),
    Mistake("a variable without a value", VARIABLE, "value", LEFT_OUT, "is required"),
    Mistake("a colour with its hash", LABEL, "color", "#0366d6", "six hexadecimal digits"),
    Mistake("a colour by name", LABEL, "color", "blue", "six hexadecimal digits"),
    Mistake("a label's description too long", LABEL, "description", "x" * 101, "takes 100"),
    Mistake("a label without a name", LABEL, "name", LEFT_OUT, "is required"),
    Mistake("an author without an address", FILE, "author.email", LEFT_OUT, "is required"),
    Mistake("a file without a message", FILE, "message", LEFT_OUT, "is required"),
    Mistake("a bare branch name", RULESET, "conditions.ref_name.include[1]", "main", "write refs/heads/"),
    Mistake(
        "a bare branch left out",
        RULESET,
        "conditions.ref_name.exclude",
        ["dev"],
        "matches nothing",
        "conditions.ref_name.exclude[0]",
    ),
    Mistake("no conditions", RULESET, "conditions", LEFT_OUT, "applies nowhere", "conditions.ref_name.include"),
    Mistake("a ruleset of no rules", RULESET, "rules", [], "does nothing"),
    Mistake("a rule that does not exist", RULESET, "rules[0].type", "no_force_push", "is not one of creation"),
    Mistake(
        "a misspelt parameter of a rule",
        RULESET,
        "rules[1].parameters.required_aproving_review_count",
        1,
        "`required_approving_review_count`",
    ),
    Mistake("eleven approvals", RULESET, "rules[1].parameters.required_approving_review_count", 11, "maximum 10"),
    Mistake("an enforcement that does not exist", RULESET, "enforcement", "on", "is not one of disabled, active"),
    Mistake(
        "a check of any app",
        RULESET,
        "rules[3].parameters.required_status_checks[0].integration_id",
        LEFT_OUT,
        "any writer",
    ),
    Mistake("no check that is required", RULESET, "rules[3].parameters.required_status_checks", [], "is empty"),
    Mistake("a role without its id", RULESET, "bypass_actors[0].actor_id", LEFT_OUT, "is required for RepositoryRole"),
    Mistake(
        "a deploy key with an id",
        RULESET,
        "bypass_actors",
        [{"actor_type": "DeployKey", "actor_id": 1}],
        "left out",
        "bypass_actors[0].actor_id",
    ),
    Mistake(
        "a deploy key on pull requests",
        RULESET,
        "bypass_actors",
        [{"actor_type": "DeployKey", "bypass_mode": "pull_request"}],
        "does not go with DeployKey",
        "bypass_actors[0].bypass_mode",
    ),
]
INPUT_MISTAKES = [
    Mistake("a secret without a value", SECRET, "value", "", "is empty"),
    Mistake("a secret in plain text", SECRET, "value", "hunter2", "give it as a secret"),
    Mistake("a secret of neither form", SECRET, "value", LEFT_OUT, "has none of value, valueEncrypted", ""),
    Mistake("a secret of both forms", ENVIRONMENT_SECRET, "value", "[secret]", "beside value", "valueEncrypted"),
    Mistake("a secret's reserved name", SECRET, "secretName", "GITHUB_TOKEN", "a name for GitHub Actions"),
    Mistake("a secret's name with a digit first", SECRET, "secretName", "1PASSWORD", "a name for GitHub Actions"),
    Mistake("an encrypted value without its key", ENVIRONMENT_SECRET, "keyId", LEFT_OUT, "is required beside"),
    Mistake("a pattern of branches and tags", DEPLOYMENT_POLICY, "tagPattern", "v*", "is written beside branchPattern"),
    Mistake("a path from the root", FILE, "file", "/dependabot.yml", "no path inside the repository"),
    Mistake("a path out of the repository", FILE, "file", "a/../../b", "no path inside the repository"),
    Mistake("an author without an e-mail", FILE, "commitEmail", LEFT_OUT, "the other of", "commitAuthor"),
]
ENVIRONMENT_INPUT_MISTAKES = [
    Mistake("an environment in capitals", ENVIRONMENT, "environment", "Production", "not in lower case"),
    Mistake("an environment without a name", ENVIRONMENT, "environment", "", "takes 1 to 255"),
    Mistake("an environment's name too long", ENVIRONMENT, "environment", "a" * 256, "takes 1 to 255"),
    Mistake(
        "reviewers in two groups", ENVIRONMENT, "reviewers", [{"users": [1]}, {"teams": [2]}], "the provider takes 1"
    ),
    Mistake(
        "a misspelt kind of reviewer",
        ENVIRONMENT,
        "reviewers[0].user",
        [1],
        "is not one of User, Team",
        "reviewers[3].type",
    ),
    Mistake(
        "four users and four teams",
        ENVIRONMENT,
        "reviewers[0]",
        {"users": [1, 2, 3, 4], "teams": [1, 2, 3, 4]},
        "has 8 items",
        "reviewers",
    ),
    Mistake(
        "a group of no reviewers", ENVIRONMENT, "reviewers[0]", {"users": []}, "nobody has to approve", "reviewers"
    ),
]


@pytest.mark.parametrize("mistake", BODY_MISTAKES, ids=str)
def test_a_mistake_in_a_body_is_found(mistake: Mistake) -> None:
    """GitHub's OpenAPI description, and docs/facts/github.md."""
    assert_found(mistake, mistake.found_in_body())


@pytest.mark.parametrize("mistake", INPUT_MISTAKES, ids=str)
def test_a_mistake_in_inputs_is_found(mistake: Mistake) -> None:
    """What the provider encrypts, encodes, or puts into the address; not that a branch policy is alone here."""
    found = [found_in_input for found_in_input in mistake.found_in_inputs() if found_in_input.path != "environment"]
    assert_found(mistake, found)


@pytest.mark.parametrize("mistake", ENVIRONMENT_INPUT_MISTAKES, ids=str)
def test_a_mistake_in_the_inputs_of_an_environment_is_found(mistake: Mistake) -> None:
    """Beside the finding that it is alone in this plan, without a branch policy."""
    found = [
        found_in_input
        for found_in_input in mistake.found_in_inputs()
        if found_in_input.path != "deployment_branch_policy"
    ]
    assert_found(mistake, found)


def test_a_secret_s_value_is_never_shown() -> None:
    """Not even when it is the mistake."""
    found = check_plan([resource(SECRET, planted(good_inputs(SECRET), "value", "hunter2"))])
    assert "hunter2" not in str(found[0])


def test_a_secret_in_place_of_its_ciphertext_is_never_shown() -> None:
    """The schema's finding names the field and keeps the value to itself."""
    (found,) = check_body(ENVIRONMENT_SECRET, planted(good_body(ENVIRONMENT_SECRET), "encrypted_value", "hunter2!"))
    assert found.message.startswith("its value does not satisfy pattern")


def test_an_empty_encrypted_value_is_refused() -> None:
    """GitHub stores it without a word."""
    found = check_plan([resource(ENVIRONMENT_SECRET, planted(good_inputs(ENVIRONMENT_SECRET), "valueEncrypted", ""))])
    assert {finding.path for finding in found} == {"valueEncrypted", "encrypted_value"}


def test_reviewers_still_to_be_filled_in_are_no_duplicates() -> None:
    """Marked placeholders have the id 0, which GitHub never gives."""
    body = planted(good_body(ENVIRONMENT), "reviewers", [{"type": "User", "id": 0}] * 2)
    assert check_body(ENVIRONMENT, body) == []


def test_the_bypass_of_admins_is_sent_though_no_schema_has_it() -> None:
    """The one exception to GitHub's description: the provider sends it and GitHub takes it."""
    body = good_body(ENVIRONMENT)
    assert body["can_admins_bypass"] is False
    assert check_body(ENVIRONMENT, body) == []


def test_a_ruleset_on_tags_names_tags() -> None:
    """The default branch is no tag."""
    inputs = planted(good_inputs(RULESET), "target", "tag")
    inputs["conditions"]["refName"]["includes"] = ["refs/tags/v*", "~ALL", "~DEFAULT_BRANCH"]
    (found,) = check_plan([resource(RULESET, inputs)])
    assert found.path == "conditions.ref_name.include[2]"


def test_a_ruleset_on_pushes_names_no_ref() -> None:
    """Push rulesets hold for the whole repository."""
    inputs = good_inputs(RULESET)
    inputs |= {"target": "push", "rules": {"maxFileSize": {"maxFileSize": 10}}}
    del inputs["conditions"]
    assert check_plan([resource(RULESET, inputs)]) == []
