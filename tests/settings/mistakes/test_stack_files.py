"""Two files, one configuration: the engine's rules of who wins, and what each file may hold."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import RefusedError, errors_only, text_line
from readiness.rules.stack import check_stack
from readiness.settings.stack_files import find_project_root, read_stack
from readiness.settings.stack_names import stack_names
from tests.settings.broken import PROJECT, STAGING, add_setting, error_of, errors, in_project, place, write

NAME = "      name: ai-resume-review-v2\n"


def test_the_unmutated_stacks_pass(project: Path) -> None:
    """Every other test breaks one of them."""
    for stack in stack_names(project):
        assert errors_only(check_stack(project, stack).problems) == ()


def test_an_object_of_the_stack_replaces_the_projects_whole(project: Path) -> None:
    """No merging: measured with the engine."""
    in_project(project, NAME, f"{NAME}      plan: enterprise\n")
    inherited = check_stack(project, "staging").settings
    assert inherited is not None
    assert (inherited.repository.name, inherited.repository.plan) == ("ai-resume-review-v2", "enterprise")
    add_setting(project, "readiness:repository:\n  name: shop")
    own = check_stack(project, "staging").settings
    assert own is not None
    assert (own.repository.name, own.repository.plan) == ("shop", "free")


def test_an_optional_key_that_is_lost_by_replacing_is_warned_of(project: Path) -> None:
    """It is no error: the default may be what is wanted."""
    in_project(project, NAME, f"{NAME}      plan: enterprise\n      visibility: private\n")
    add_setting(project, "readiness:repository:\n  name: shop")
    (warning,) = [
        text_line(problem) for problem in check_stack(project, "staging").problems if "replaces" in problem.message
    ]
    assert errors(project) == []
    assert warning == (
        f"{place(project, 'readiness:repository')}readiness:repository: replaces the whole object of Pulumi.yaml, "
        "which also holds plan, visibility. Write those here too: the engine does not merge objects."
    )


def test_a_required_key_that_is_lost_by_replacing_is_missing_for_that_reason(project: Path) -> None:
    """`Add it` would puzzle whoever sees it in Pulumi.yaml; a warning besides would be an echo."""
    add_setting(project, "readiness:repository:\n  plan: enterprise")
    (said,) = [
        text_line(problem) for problem in check_stack(project, "staging").problems if "repository" in problem.key
    ]
    assert said == (
        f"{place(project, 'readiness:repository')}readiness:repository.name: is missing. "
        "Write it here too: this object replaces the one in Pulumi.yaml whole."
    )


def test_a_key_without_a_namespace_is_the_projects_own(project: Path) -> None:
    """As the engine takes it."""
    text = (project / STAGING).read_text(encoding="utf-8")
    assert errors(write(project, text.replace("readiness:", ""))) == []


@pytest.mark.parametrize("entry", ["ytgrs-464303", "\n    value: ytgrs-464303"])
def test_a_providers_key_may_be_written_short_or_with_value(project: Path, entry: str) -> None:
    """Both forms that the engine takes in Pulumi.yaml."""
    in_project(project, "gcp:project:\n    value: ytgrs-464303", f"gcp:project: {entry}")
    settings = check_stack(project, "staging").settings
    assert settings is not None
    assert settings.project == "ytgrs-464303"


def test_a_providers_key_with_a_default_is_refused(project: Path) -> None:
    """The engine refuses it too; its own keys have defaults, a provider's have values."""
    in_project(project, "gcp:project:\n    value:", "gcp:project:\n    default:")
    assert error_of(project) == (
        f"{place(project, 'default: ytgrs', PROJECT)}gcp:project.default: is an unknown key. "
        "Allowed: value; the value is under `value:`."
    )


def test_an_object_without_default_in_the_project_file_is_one_error_that_says_where_it_goes(project: Path) -> None:
    """The engine would look for a declaration in it."""
    in_project(project, "  readiness:repository:\n    default:\n      name:", "  readiness:repository:\n    name:")
    assert error_of(project) == (
        f"{place(project, 'readiness:repository', PROJECT)}readiness:repository: holds its value where the engine "
        "looks for a declaration. Indent it below `default:`."
    )


def test_a_misspelt_word_of_a_declaration_is_refused(project: Path) -> None:
    """`defualt` beside a description: the engine refuses it with eight lines."""
    in_project(
        project,
        "readiness:repository:\n    default:\n      name: ai-resume-review-v2",
        "readiness:repository:\n    description: The repository\n    defualt:\n      name: ai-resume-review-v2",
    )
    found = errors(project)
    assert f"{place(project, 'defualt', PROJECT)}readiness:repository.defualt: is an unknown key. " in found[-1]
    assert "Did you mean `default`?" in found[-1]


def test_a_setting_that_is_written_twice_in_the_project_file_is_refused(project: Path) -> None:
    """With and without its namespace."""
    in_project(project, "  readiness:runbook:\n", "  repository: {default: {name: x}}\n  readiness:runbook:\n")
    assert error_of(project) == (
        f"{place(project, '  repository:', PROJECT)}readiness:repository: is written twice, with and without its "
        "namespace. Keep one."
    )


@pytest.mark.parametrize("name", ["", "name: [a]\n", "name: 'a b'\n", "name: ''\n"])
def test_a_project_without_a_proper_name_is_refused(project: Path, name: str) -> None:
    """Keys without a namespace belong to it."""
    in_project(project, "name: readiness\n", name)
    assert error_of(project) == f"{PROJECT}:1: name: is missing or no name of a project. Write `name: readiness`."


@pytest.mark.parametrize("written", ["false", '"false"', "'false'"])
def test_a_lone_boolean_may_be_text_as_the_engine_writes_it_back(project: Path, written: str) -> None:
    """`pulumi config set` puts it in quotes."""
    text = (project / STAGING).read_text(encoding="utf-8")
    write(project, text.replace("owns_shared_resources: false", f"owns_shared_resources: {written}"))
    settings = check_stack(project, "staging").settings
    assert settings is not None
    assert settings.owns_shared_resources is False


def test_a_folder_for_stack_files_is_refused(project: Path) -> None:
    """The engine would read the stacks' files there, and this program beside Pulumi.yaml."""
    in_project(project, "name: readiness\n", "name: readiness\nstackConfigDir: stacks\n")
    assert f"{PROJECT}:2: stackConfigDir: is an unknown key." in error_of(project)


def test_a_needed_version_of_the_engine_may_be_stated(project: Path) -> None:
    """A key of newer engines that changes nothing here."""
    in_project(project, "name: readiness\n", "name: readiness\nrequiredPulumiVersion: '>=3.256.0'\n")
    assert errors(project) == []


@pytest.mark.parametrize("text", ["v1:bm9uY2U=:Y2lwaGVy", "A" * 44])
def test_ciphertext_of_either_kind_is_a_secret_and_never_a_value(project: Path, text: str) -> None:
    """Of a passphrase and of a key service."""
    config = read_stack(add_setting(project, f"readiness:slack_auth_token:\n  secure: {text}"), "staging")
    assert "readiness:slack_auth_token" in config.secret_keys
    assert text not in str(config.values)


def test_the_project_is_found_from_a_folder_below_it(project: Path) -> None:
    """As the Pulumi CLI looks for it."""
    below = project / "docs" / "deep"
    below.mkdir(parents=True)
    assert find_project_root(below) == project


def test_outside_a_project_the_search_ends_with_what_to_do(tmp_path: Path) -> None:
    """At the root of the file system."""
    with pytest.raises(RefusedError) as refusal:
        find_project_root(tmp_path)
    assert (
        str(refusal.value) == "Pulumi.yaml: is neither in this folder nor above it. Run the command inside the project."
    )


def test_stacks_are_the_files_beside_the_project_file(project: Path) -> None:
    """Sorted; other files are none."""
    for name in ("Pulumi.dev-1.yaml", "Pulumi..yaml", "Pulumi.old.yaml.bak", "pulumi.low.yaml", "Pulumi.yaml.orig"):
        write(project, "config: {}\n", name)
    assert stack_names(project) == ["dev-1", "prod", "staging"]
