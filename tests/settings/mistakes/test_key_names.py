"""Names of keys: the engine takes any silently, so that the default would be used instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.settings import configuration_keys
from readiness.settings.model import Alerts, setting_names
from tests.settings.broken import (
    PROJECT,
    STAGING,
    add_setting,
    error_of,
    errors,
    in_project,
    in_staging,
    place,
    write,
)

ESCALATION = """\
  readiness:escalation:
    contacts:
      - name: Developers (staging is theirs)
        reach: dev-alerts@example.com
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("readiness:channels", "readiness:chanels", "is an unknown key. Did you mean `readiness:channels`?"),
        ("readiness:channels", "chanels", "is an unknown key. Did you mean `readiness:channels`?"),
        ("readiness:database", "readiness:dataBase", "is an unknown key. Did you mean `readiness:database`?"),
        (
            "readiness:services", "readines:services",
            "has an unknown namespace. Did you mean `readiness:services`? "
            "Allowed namespaces: readiness, gcp, github, pulumi.",
        ),
        (
            "readiness:services", "shop:services",
            "has an unknown namespace. Did you mean `readiness:services`? "
            "Allowed namespaces: readiness, gcp, github, pulumi.",
        ),
        (
            "readiness:services", "readiness:config:services",
            "is an unknown key. Did you mean `readiness:services`?",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_setting_is_one_error_that_names_the_nearest(project: Path, old: str, new: str, said: str) -> None:
    """The setting that was meant is not called missing besides."""
    in_staging(project, old, new)
    key = new if ":" in new else f"readiness:{new}"
    assert error_of(project) == f"{place(project, f'  {new}:')}{key}: {said}"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("gcp:project", "gcp:projct", "is an unknown key. Did you mean `gcp:project`?"),
        (
            "gcp:project", "gpc:project",
            "has an unknown namespace. Did you mean `gcp:project`? Allowed namespaces: readiness, gcp, github, pulumi.",
        ),
        ("github:owner", "github:ownr", "is an unknown key. Did you mean `github:owner`?"),
        ("readiness:alerts", "readiness:alert", "is an unknown key. Did you mean `readiness:alerts`?"),
    ],
)  # fmt: skip
def test_a_misspelt_key_of_the_project_file_is_refused_alike(project: Path, old: str, new: str, said: str) -> None:
    """A misspelt `gcp:project` would deploy into whatever project the shell has set."""
    in_project(project, old, new)
    assert error_of(project) == f"{place(project, new, PROJECT)}{new}: {said}"


def test_an_unknown_key_without_a_near_one_lists_what_is_allowed(project: Path) -> None:
    """The whole list, secrets included."""
    error = error_of(add_setting(project, "readiness:quux: 1"))
    allowed = ", ".join(setting_names())
    assert allowed.startswith("environment, repository, ")
    assert allowed.endswith("slack_auth_token, pagerduty_service_key, slack_webhook_url")
    assert "project" not in setting_names()
    assert error == f"{place(project, 'quux')}readiness:quux: is an unknown key. Allowed: {allowed}."
    error = error_of(
        write(project, (project / STAGING).read_text(encoding="utf-8").replace("readiness:quux", "gcp:quux"))
    )
    assert error.endswith("gcp:quux: is an unknown key. Allowed: the keys of the provider gcp.")


@pytest.mark.parametrize(
    "setting",
    [
        "gcp:zone: x",
        "gcp:impersonateServiceAccount: deployer@some-project.iam.gserviceaccount.com",
        "github:organization: x",
        "pulumi:tags: x",
    ],
)
def test_every_key_that_a_provider_or_the_engine_knows_is_taken(project: Path, setting: str) -> None:
    """The list is the installed provider's own."""
    assert errors(add_setting(project, setting)) == []


def test_a_provider_that_is_not_installed_has_no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key of it is then refused rather than taken unseen."""
    monkeypatch.setitem(configuration_keys.PROVIDERS, "nowhere", "no_such_package")
    assert configuration_keys.known_keys("nowhere") == configuration_keys.known_keys("no namespace") == frozenset()
    assert {"project", "region", "credentials"} < configuration_keys.known_keys("gcp")


def test_settings_nested_under_their_namespace_are_named_as_that_mistake(project: Path) -> None:
    """What stands inside is not called missing; what does not, is."""
    write(project, "config:\n  readiness:\n    database:\n      instance: shop-db\n")
    found = errors(project)
    assert f"{STAGING}:2: readiness:readiness: is a namespace, not a key. " in found[-1]
    assert "Write the namespace into every key, as in `readiness:services:`." in found[-1]
    assert not any("readiness:database" in line for line in found)
    assert any("readiness:channels: is missing" in line for line in found)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("cpu_ratio: 0.8", "cpu_percent: 80", "Did you mean `cpu_ratio`? Allowed: cpu_ratio, duration_seconds."),
        ("cpu_ratio: 0.8", "threshhold: 0.8", "Did you mean `cpu_ratio`? Allowed: cpu_ratio, duration_seconds."),
        ("latency_ms: 5000", "latency_seconds: 5", "Did you mean `latency_ms`? Allowed: latency_ms, duration_seconds."),
        (
            "cpu_ratio: 0.8", "cpu_ratio: 0.8\n        threshhold: 0.8", "Allowed: cpu_ratio, duration_seconds.",
        ),
        (
            "high_latency:", "high_latncy:", f"Did you mean `high_latency`? Allowed: {', '.join(Alerts.model_fields)}.",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_key_inside_a_setting_is_one_error(project: Path, old: str, new: str, said: str) -> None:
    """The one key that is missing beside the one that is unknown was meant by it."""
    in_project(project, old, new)
    name = new.split("\n")[-1].strip().split(":")[0]
    where, _, rest = error_of(project).partition(": readiness:alerts.")
    assert f"{where}: " == place(project, f"{name}:", PROJECT)
    assert rest.split(": ", 1)[0].split(".")[-1] == name
    assert rest.split(": ", 1)[1] == f"is an unknown key. {said}"


def test_two_unknown_keys_do_not_both_stand_for_the_one_that_is_missing(project: Path) -> None:
    """Nothing can be guessed then, so the missing one is reported too."""
    in_project(project, "cpu_ratio: 0.8", "foo: 1\n        bar: 2")
    assert [line.split(": ", 1)[1] for line in errors(project)] == [
        "readiness:alerts.high_cpu_usage.cpu_ratio: is missing. Add it (A share of 1: 0.8 is 80 %).",
        "readiness:alerts.high_cpu_usage.foo: is an unknown key. Allowed: cpu_ratio, duration_seconds.",
        "readiness:alerts.high_cpu_usage.bar: is an unknown key. Allowed: cpu_ratio, duration_seconds.",
    ]


@pytest.mark.parametrize("file", [STAGING, PROJECT])
def test_an_unknown_key_at_the_top_of_a_file_is_refused(project: Path, file: str) -> None:
    """The engine drops it before any program can see it."""
    text = (project / file).read_text(encoding="utf-8")
    write(project, text + "colour: red\n", file)
    said = "is an unknown key. Allowed: "
    assert error_of(project).startswith(f"{place(project, 'colour', file)}colour: {said}")


@pytest.mark.parametrize(
    ("runtime", "marker", "said"),
    [
        ("runtime:\n  nme: python\n", "nme", "runtime.nme: is an unknown key. Did you mean `name`?"),
        (
            "runtime:\n  name: python\n  options:\n    toolchian: pip\n", "toolchian",
            "runtime.options.toolchian: is an unknown key. Did you mean `toolchain`?",
        ),
        (
            "runtime:\n  name: python\n  options: {quux: 1}\n", "quux",
            "runtime.options.quux: is an unknown key. Allowed: toolchain, typechecker, virtualenv; "
            "the engine drops any other.",
        ),
    ],
)  # fmt: skip
def test_a_misspelt_key_of_the_runtime_is_refused(project: Path, runtime: str, marker: str, said: str) -> None:
    """Without its `toolchain` the engine picks another tool by the lock files of any folder above."""
    in_project(project, "runtime:\n  name: python\n", runtime)
    assert error_of(project) == f"{place(project, marker, PROJECT)}{said}"


@pytest.mark.parametrize("runtime", ["runtime: python\n", "runtime:\n  name: python\n  options: {toolchain: pip}\n"])
def test_a_runtime_may_be_written_short_or_with_options(project: Path, runtime: str) -> None:
    """Both forms of the engine."""
    assert errors(in_project(project, "runtime:\n  name: python\n", runtime)) == []


@pytest.mark.parametrize("file", [STAGING, PROJECT])
def test_a_misspelt_config_is_one_error_and_not_one_for_every_setting(project: Path, file: str) -> None:
    """Everything below it would be missing."""
    text = (project / file).read_text(encoding="utf-8")
    write(project, text.replace("config:\n", "confg:\n"), file)
    assert error_of(project) == f"{place(project, 'confg', file)}confg: is an unknown key. Did you mean `config`?"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("encryptionsalt: v1:x\n", "config: is missing."),
        ("config:\n", "config: is missing."),
        ("config: [a]\n", "config: is not a mapping of keys to values."),
        ("config: some-folder\n", "config: is not a mapping of keys to values."),
    ],
)
def test_a_stack_file_without_settings_is_one_error(project: Path, content: str, said: str) -> None:
    """With the hint."""
    write(project, content)
    assert error_of(project) == f"{STAGING}:1: {said} Write `config:` and the settings below it, indented."


def test_a_missing_setting_is_placed_at_the_config_of_the_stacks_file(project: Path) -> None:
    """A line to look at, though nothing is there."""
    in_staging(project, ESCALATION, "")
    assert error_of(project) == f"{place(project, 'config:')}readiness:escalation: is missing. Add it."
