"""Where credentials go and which program is run: what `check` refuses, and what an entry with a reason allows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from readiness.finding import Severity
from readiness.rules.stack import check_stack
from readiness.settings.provider_hosts import variable_problems
from readiness.settings.stack_files import read_stack
from readiness.settings.validation import view_of
from tests.projects import Command, write_runbook
from tests.settings.broken import PROJECT, STAGING, add_setting, error_of, errors, in_project, place, write

ENTRY = 'readiness:provider_hosts:\n  - {{key: "{key}", host: "{host}", reason: Ours}}'
CIPHERTEXT = "v1:bm9uY2U=:Y2lwaGVydGV4dC1vZi1hbi1hZGRyZXNz"
_SAID = "sends the provider's credentials to a host that is not the official one"


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("github:baseUrl", "https://github.example.com/"),
        ("github:baseUrl", "http://api.github.com/"),
        ("github:baseUrl", "https://api.github.com@example.com/"),
        ("github:baseUrl", "https://api.github.com.example.com/"),
        ("gcp:universeDomain", "example.com"),
        ("gcp:universeDomain", "googleapis.com.example.com"),
        ("gcp:loggingCustomEndpoint", "http://logging.googleapis.com/v2/"),
        ("gcp:loggingCustomEndpoint", "https://logging.googleapis.com@example.com/v2/"),
        ("gcp:loggingCustomEndpoint", "https://logginggoogleapis.com/v2/"),
        ("gcp:storageCustomEndpoint", "https://example.com/?https://storage.googleapis.com/"),
        ("gcp:storageCustomEndpoint", "http://127.0.0.1:4443/"),
    ],
)
def test_a_host_that_is_not_the_official_one_needs_an_entry_of_its_own(project: Path, key: str, host: str) -> None:
    """Letter by letter: an entry for another key or another host allows nothing."""
    add_setting(project, f'{key}: "{host}"')
    assert error_of(project).startswith(f"{place(project, key)}{key}: {_SAID}. ")
    with_files = (project / STAGING).read_text(encoding="utf-8")
    add_setting(project, ENTRY.format(key=key, host=host))
    assert errors(project) == []
    for other_key, other_host in ((key, f"{host}x"), ("gcp:dnsCustomEndpoint", host)):
        write(project, with_files)
        add_setting(project, ENTRY.format(key=other_key, host=other_host))
        assert len(errors(project)) == 1


@pytest.mark.parametrize(
    ("key", "host"),
    [
        ("github:baseUrl", "https://api.github.com/"),
        ("github:baseUrl", "https://github.com"),
        ("gcp:universeDomain", "googleapis.com"),
        ("gcp:loggingCustomEndpoint", "https://logging.googleapis.com/v2/"),
        ("gcp:loggingCustomEndpoint", "https://us-east1-logging.googleapis.com:443/v2/"),
        ("gcp:loggingCustomEndpoint", "https://logging-mine.p.googleapis.com/v2/"),
    ],
)
def test_the_official_hosts_need_none(project: Path, key: str, host: str) -> None:
    """Regional ones and Private Service Connect are Google's own."""
    assert errors(add_setting(project, f'{key}: "{host}"')) == []


def test_a_host_that_is_encrypted_is_refused(project: Path) -> None:
    """Nobody could judge it."""
    add_setting(project, f"github:baseUrl:\n  secure: {CIPHERTEXT}")
    assert "is stored encrypted, so that no reviewer sees where credentials go" in error_of(project)


def test_an_entry_needs_a_reason_and_a_key_that_names_a_host(project: Path) -> None:
    """Each is said by its path."""
    add_setting(project, 'readiness:provider_hosts:\n  - {key: "gcp:project", host: "x"}')
    found = " ".join(errors(project))
    assert "readiness:provider_hosts[0].key" in found
    assert "readiness:provider_hosts[0].reason: is missing" in found


@pytest.mark.parametrize("value", ["true", '"true"', "1"])
def test_a_certificate_that_nobody_looks_at_is_refused(project: Path, value: str) -> None:
    """And `false`, which is the default, is not."""
    add_setting(project, f"github:insecure: {value}")
    assert "github:insecure: sends the token without looking at the host's certificate" in error_of(project)


def test_a_certificate_that_is_looked_at_is_fine(project: Path) -> None:
    """The other direction."""
    assert errors(add_setting(project, "github:insecure: false")) == []


@pytest.mark.parametrize("main", ["elsewhere/", "../other", "other.py", "[a]"])
def test_another_program_than_the_one_that_is_checked_is_refused(project: Path, main: str) -> None:
    """Every check here runs the one beside Pulumi.yaml."""
    in_project(project, "name: readiness\n", f"name: readiness\nmain: {main}\n")
    assert error_of(project).startswith(f"{place(project, 'main:', PROJECT)}main: names another program than")


@pytest.mark.parametrize("main", [".", "./", "__main__.py", "./__main__.py"])
def test_the_same_program_may_be_named(project: Path, main: str) -> None:
    """The other direction."""
    assert errors(in_project(project, "name: readiness\n", f"name: readiness\nmain: {main}\n")) == []


@pytest.mark.parametrize("runtime", ["runtime: nodejs\n", "runtime:\n  name: go\n"])
def test_another_language_is_refused(project: Path, runtime: str) -> None:
    """The engine would run another file."""
    text = (project / PROJECT).read_text(encoding="utf-8")
    write(project, re.sub(r"runtime:\n(  .*\n)+", runtime, text), PROJECT)
    assert "runtime: is not `python`" in error_of(project)


def test_settings_that_no_check_reads_are_warned_of(project: Path) -> None:
    """Pulumi ESC may set any key and any variable."""
    text = (project / STAGING).read_text(encoding="utf-8")
    write(project, f"{text}environment:\n  - shared\n")
    (warning,) = (problem for problem in check_stack(project, "staging").problems if problem.key == "environment")
    assert warning.severity is Severity.WARNING
    assert errors(project) == []


VARIABLES = {
    "GITHUB_BASE_URL": "https://github.example.com/",
    "GOOGLE_UNIVERSE_DOMAIN": "example.com",
    "GOOGLE_CLOUD_RUN_V2_CUSTOM_ENDPOINT": "http://127.0.0.1:1/",
}


@pytest.mark.parametrize(("name", "host"), VARIABLES.items())
def test_a_variable_that_leads_credentials_elsewhere_is_refused_unless_an_entry_names_it(
    project: Path, name: str, host: str
) -> None:
    """By the key that it stands for."""
    (found,) = variable_problems({name: host, "PATH": "/bin"}, view_of(read_stack(project, "staging")).provider_hosts)
    assert found.file == f"environment variable {name}"
    keys = {"GITHUB_BASE_URL": "github:baseUrl", "GOOGLE_UNIVERSE_DOMAIN": "gcp:universeDomain"}
    key = keys.get(name, "gcp:cloudRunV2CustomEndpoint")
    assert found.hint == f"Unset it, or name {key}, this host and the reason in readiness:provider_hosts"
    add_setting(project, ENTRY.format(key=key, host=host))
    assert variable_problems({name: host}, view_of(read_stack(project, "staging")).provider_hosts) == []
    assert len(variable_problems({name: f"{host}x"}, view_of(read_stack(project, "staging")).provider_hosts)) == 1


def test_a_variable_that_is_empty_or_official_is_fine(project: Path) -> None:
    """The other direction."""
    environment = {"GITHUB_BASE_URL": "https://api.github.com/", "GOOGLE_UNIVERSE_DOMAIN": "", "GITHUB_TOKEN": "x"}
    environment["GOOGLE_LOGGING_CUSTOM_ENDPOINT"] = "https://logging.googleapis.com/v2/"
    assert variable_problems(environment, view_of(read_stack(project, "staging")).provider_hosts) == []


@pytest.mark.parametrize("subcommand", ["up", "drift", "preview"])
def test_a_command_that_runs_the_engine_refuses_such_a_variable(
    project: Path, command: Command, subcommand: str, tmp_path: Path
) -> None:
    """Before the engine is started: the one here fails when it is."""
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    for name in ("pulumi", "pulumi-language-python"):
        (bin_folder / name).write_text("#!/bin/sh\ntouch started\nexit 9\n", encoding="utf-8")
        (bin_folder / name).chmod(0o755)
    environment: dict[str, Any] = {
        "PATH": f"{bin_folder}:/usr/bin:/bin",
        "GOOGLE_OAUTH_ACCESS_TOKEN": "placeholder",
        "GITHUB_TOKEN": "placeholder",
        "PULUMI_BACKEND_URL": "https://example.com",
        "GITHUB_BASE_URL": "https://github.example.com/",
    }
    done = command(subcommand, "staging", cwd=project, **environment)
    assert done.status == 1
    assert "environment variable GITHUB_BASE_URL: is set" in done.err
    assert not (project / "started").exists()
    environment["GITHUB_BASE_URL"] = ""
    write_runbook(project)
    done = command(subcommand, "staging", cwd=project, PULUMI_DEBUG_PROVIDERS="gcp:1", **environment)
    assert (project / "started").exists()
    assert "PULUMI_DEBUG_PROVIDERS is set: the engine runs the program there, and gives it credentials" in done.err


@pytest.mark.parametrize("folder", ["/opt/other", "../other", "x/../../other"])
def test_an_interpreter_outside_the_project_is_refused(project: Path, folder: str) -> None:
    """The program would get credentials, and nobody reviews what is installed there."""
    in_project(project, "virtualenv: .venv", f"virtualenv: {folder}")
    assert "runtime.options.virtualenv: is outside the project" in error_of(project)


@pytest.mark.parametrize("account", ["$(id)", "me@example.com", "${{ secrets.X }}", "x@y.iam.gserviceaccount.com"])
def test_only_a_service_account_can_be_acted_as(project: Path, account: str) -> None:
    """The last one is too short to be a project."""
    add_setting(project, f'gcp:impersonateServiceAccount: "{account}"')
    assert "gcp:impersonateServiceAccount: is not a service account" in error_of(project)


def test_a_service_account_may_be_acted_as(project: Path) -> None:
    """As the provider takes it."""
    add_setting(project, "gcp:impersonateServiceAccount: deployer@some-project.iam.gserviceaccount.com")
    assert errors(project) == []
