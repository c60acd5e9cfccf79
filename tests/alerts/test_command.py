"""`readiness test STACK`: the built-in incidents, on any stack's own settings, with the promtool of PATH."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from readiness.alerts.catalogue import alerts_of
from readiness.alerts.scenarios.cases import incidents_of
from readiness.alerts.scenarios.promtool import processors
from readiness.alerts.scenarios.stack import alone
from readiness.plan import offline_plan
from readiness.plan.offline_plan import Plan
from readiness.settings.model import Settings
from readiness.settings.stack_files import StackConfig
from tests.projects import EVERY_OPTION_FILE, Command, settings_of

EVERY_OPTION_FOLDER = EVERY_OPTION_FILE.parent
VERSION = 'echo "promtool, version 2.42.0"'
# A promtool that says its version, and that the one test file of a call passes.
PASSES = f'{VERSION}; echo "  SUCCESS"'


@pytest.fixture
def real(promtool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The promtool of the tests on PATH."""
    monkeypatch.setenv("PATH", f"{promtool.parent}{os.pathsep}{os.environ['PATH']}")


def stub(tmp_path: Path, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A promtool on PATH that does what the shell script says."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "promtool").write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    (folder / "promtool").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}/usr/bin:/bin")


def test_an_alert_that_passes_its_incidents_passes(command: Command, real: None) -> None:
    """One line for each alert: how many incidents page, and how many stay quiet."""
    done = command("test", "prod", "--alert", "DeploymentFailed", "--alert", "MigrationFailed")
    assert done.status == 0, done.text
    assert "DeploymentFailed  ok          3 of 3 page when they must, 4 of 4 stay quiet\n" in done.out
    assert done.out.endswith("passed: 13 incidents of 2 alerts\n")


def test_every_arrival_time_of_the_samples_can_be_tried(command: Command, real: None) -> None:
    """The number of incidents is the same, and each runs at more times."""
    done = command("test", "prod", "--alert", "DeploymentFailed", "--every-phase")
    assert "at six arrival times of their samples" in done.out
    assert done.out.endswith("passed: 7 incidents of 1 alert\n")


@pytest.mark.parametrize(
    ("alert", "right", "wrong", "said"),
    [
        ("DatabaseConnectionErrors", "> 10", "> 1", "nobody may be notified; the first page is at minute "),
        ("DatabaseConnectionsRunOut", '"330s"', '"600s"', "12.2; the first page is at minute 16.5, too late"),
        ("DatabaseConnectionsRunOut", '"330s"', '"240s"', "the first page is at minute 10.5, too early"),
        ("DatabaseConnectionsRunOut", "num_backends{", "num_backend{", "11.2 and 12.2; nobody is notified"),
    ],
)
def test_an_alert_that_misses_an_incident_fails_with_minute_and_query(
    command: Command, real: None, monkeypatch: pytest.MonkeyPatch, alert: str, right: str, wrong: str, said: str
) -> None:
    """The deployed rules run, so a mistake in a query or duration is found."""
    plan_stack = offline_plan.plan_stack

    def broken(root: Path, config: StackConfig) -> Plan:
        plan = plan_stack(root, config)
        return dataclasses.replace(plan, resources=json.loads(json.dumps(plan.resources).replace(right, wrong)))

    monkeypatch.setattr(offline_plan, "plan_stack", broken)
    done = command("test", "prod", "--alert", alert)
    assert done.status == 1
    assert f"{alert}  FAILED" in done.out
    assert said in done.out
    assert "    query: " in done.out
    assert done.out.splitlines()[-1].startswith("failed: ")


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("exec sleep 600", "did not say its version within 1 s"),
        ('echo "promtool, version 2.41.9"', "is version 2.41.9, which is too old"),
        ("echo hello", "is not the promtool of Prometheus"),
        ("exit 3", "is not the promtool of Prometheus"),
        (f'[ "$1" = --version ] && {VERSION} && exit; exec sleep 600', "did not end within 1 s"),
        (f'[ "$1" = --version ] && {VERSION} && exit; echo broken >&2; exit 1', "broken"),
        (f'[ "$1" = --version ] && {VERSION} && exit; exit 3', "promtool said nothing and ended with status 3"),
        (VERSION, "promtool gave a result for 0 of 1 test files"),
        (f'{VERSION}; [ "$1" = --version ] || printf "\\377\\n"; exit 0', "gave a result for 0 of 1 test files"),
        (f'[ "$1" = --version ] && {VERSION} && exit; printf "\\377\\n" >&2; exit 1', "\ufffd"),
    ],
)
def test_a_program_that_is_not_a_working_promtool_is_one_error(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, message: str
) -> None:
    """It hangs, is too old, is another program, or crashes."""
    stub(tmp_path, script, monkeypatch)
    done = command("test", "prod", "--alert", "MigrationFailed", "--timeout-seconds", "1")
    assert (done.status, done.out) == (1, "")
    assert done.err.count("error: ") == 1
    assert message in done.err


def test_a_promtool_that_hangs_is_not_started_for_every_alert(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The command has one deadline, not one for each alert."""
    script = f'[ "$1" = --version ] && {VERSION} && exit; echo run >> {tmp_path}/runs; exec sleep 600'
    stub(tmp_path, script, monkeypatch)
    assert command("test", "prod", "--timeout-seconds", "1").status == 1
    # Those that ran at once, and one that may have begun before the first was given up.
    assert len((tmp_path / "runs").read_text(encoding="utf-8").splitlines()) <= 2 * processors()


def test_without_promtool_the_error_contains_how_to_install_it(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No alert is skipped, and none passes."""
    monkeypatch.setenv("PATH", "/nowhere")
    done = command("test", "prod")
    assert (done.status, done.out) == (1, "")
    assert done.err.startswith(
        "error: promtool is neither on PATH nor in .tools/promtool. It is part of every Prometheus "
    )


def test_the_promtool_that_make_tools_installed_is_found(
    command: Command, project: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A promtool on PATH comes first."""
    folder = project / ".tools" / "promtool"
    folder.mkdir(parents=True)
    stub(folder, "echo promtool, version 2.1.0", monkeypatch)
    (folder / "bin" / "promtool").rename(folder / "promtool")
    monkeypatch.setenv("PATH", "/nowhere")
    done = command("test", "prod", "--alert", "MigrationFailed", cwd=project)
    assert done.err.startswith(f"error: {folder}/promtool is version 2.1.0, which is too old.")
    first = tmp_path_factory.mktemp("first")
    stub(first, "echo promtool, version 2.2.0", monkeypatch)
    done = command("test", "prod", "--alert", "MigrationFailed", cwd=project)
    assert done.err.startswith(f"error: {first}/bin/promtool is version 2.2.0, which is too old.")


def test_alerts_that_promtool_cannot_run_are_listed_as_not_proven(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The threshold conditions of the security alerts do not count as passed."""
    stub(tmp_path, PASSES, monkeypatch)
    done = command("test", "every-option", "--format", "json", cwd=EVERY_OPTION_FOLDER)
    assert done.status == 0, done.text
    answer = json.loads(done.out)
    names = [entry["alert"] for entry in answer["not_proven"]]
    assert "SQL instance change (project)" in names
    assert len(names) == 8
    assert {entry["alert"] for entry in answer["alerts"]} == {
        definition.name for definition in alerts_of(settings_of("every-option"))
    }
    one = command("test", "every-option", "--alert", "SQL instance change (project)", cwd=EVERY_OPTION_FOLDER)
    assert one.status == 1
    assert "cannot be proven: promtool runs PromQL conditions only" in one.err


def test_a_program_without_alerts_is_not_proven(
    command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing failed, because nothing ran."""
    stub(tmp_path, PASSES, monkeypatch)
    plan_stack = offline_plan.plan_stack

    def empty(root: Path, config: StackConfig) -> Plan:
        return dataclasses.replace(plan_stack(root, config), resources=())

    monkeypatch.setattr(offline_plan, "plan_stack", empty)
    done = command("test", "prod")
    assert done.status == 1
    assert "  HighErrorRate: the program does not declare it\n" in done.out
    assert done.out.rstrip().splitlines()[-1].startswith("not proven: 0 incidents of 0 alerts; ")


def test_the_output_is_the_same_in_every_run(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is the one of the catalogue, for any number of processes."""
    stub(tmp_path, PASSES, monkeypatch)
    first = command("test", "prod")
    assert command("test", "prod") == first
    assert first.out.count(" stay quiet\n") == len(list(alerts_of(settings_of("prod"))))


def test_an_alert_that_the_stack_does_not_have_is_an_error(command: Command) -> None:
    """The error lists the alerts that it has."""
    done = command("test", "prod", "--alert", "HighErorRate")
    assert done.status == 1
    assert "this stack has no alert HighErorRate. It has: " in done.err


def changed(settings: Settings, **sections: dict[str, object]) -> Settings:
    """The settings with other figures in some sections of `alerts`."""
    alerts = settings.alerts
    update = {name: getattr(alerts, name).model_copy(update=values) for name, values in sections.items()}
    return settings.model_copy(update={"alerts": alerts.model_copy(update=update)})


SETTINGS = settings_of("every-option")
LOW = changed(
    SETTINGS,
    high_cpu_usage={"cpu_ratio": 0.001, "duration_seconds": 180},
    high_memory_usage={"memory_ratio": 0.999, "duration_seconds": 180},
    high_error_rate={"error_ratio": 0.0001, "duration_seconds": 180},
    high_latency={"latency_ms": 100, "duration_seconds": 180},
    database_connection_errors={"error_count": 1, "window_seconds": 120},
    delivery={"min_success_ratio": 0.001, "max_days_without_success": 1},
    database_connections={"connections_ratio": 0.001, "duration_seconds": 180},
    instance_limit={"duration_seconds": 180},
    database_down={"duration_seconds": 300},
    database_disk={"disk_ratio": 0.001, "free_gib": 1, "duration_seconds": 300},
    database_cpu={"cpu_ratio": 0.001, "duration_seconds": 300},
    database_memory={"memory_ratio": 0.001, "duration_seconds": 300},
    transaction_ids={"used_ratio": 0.001, "duration_seconds": 300},
    container_crash_loop={"line_count": 2, "window_seconds": 300},
    slow_start_up={"latency_ms": 1000, "window_seconds": 600},
)
HIGH = changed(
    SETTINGS,
    high_cpu_usage={"cpu_ratio": 0.999, "duration_seconds": 7200},
    high_error_rate={"error_ratio": 0.999, "duration_seconds": 7200},
    high_latency={"latency_ms": 3_600_000, "duration_seconds": 7200},
    database_connection_errors={"error_count": 1_000_000, "window_seconds": 3600},
    delivery={"min_success_ratio": 0.999, "max_days_without_success": 365},
    database_connections={"connections_ratio": 0.999, "duration_seconds": 7200},
    instance_limit={"duration_seconds": 7200},
    database_down={"duration_seconds": 7200},
    database_disk={"disk_ratio": 0.999, "free_gib": 4, "duration_seconds": 7200},
    database_cpu={"cpu_ratio": 0.999, "duration_seconds": 7200},
    database_memory={"memory_ratio": 0.999, "duration_seconds": 7200},
    transaction_ids={"used_ratio": 0.999, "duration_seconds": 7200},
    container_crash_loop={"line_count": 10_000, "window_seconds": 3600},
    slow_start_up={"latency_ms": 240_000, "window_seconds": 3600},
)


def with_one_service(settings: Settings, **service: object) -> Settings:
    """The settings of a stack with one service, without a database."""
    only = settings.services[0].model_copy(update=service)
    update = {"services": (only,), "database": None, "migration_job": None, "region": "europe-west1"}
    return settings.model_copy(update=update)


@pytest.mark.parametrize(
    "settings",
    [
        LOW,
        HIGH,
        with_one_service(LOW, max_instances=1),
        with_one_service(HIGH, max_instances=2, max_instances_per="service", role="api"),
        with_one_service(SETTINGS, max_instances=None),
        *(
            SETTINGS.model_copy(
                update={
                    "uptime_checks": SETTINGS.uptime_checks.model_copy(update={"period_seconds": period}),
                    "availability": SETTINGS.availability.model_copy(update={"goal": goal}),
                    "notification_drill": SETTINGS.notification_drill.model_copy(update={"weekday": 4, "hour": hour}),
                }
            )
            for period, goal, hour in ((60, 0.932, 0), (900, 0.9999, 1))
        ),
    ],
    ids=("low", "high", "one-instance", "one-service", "no-limit", "low-goal", "high-goal"),
)
def test_every_scenario_has_an_incident_or_a_reason(settings: Settings) -> None:
    """At the ends of every setting's range, with one service, and without database or limit."""
    built = list(incidents_of(alone("edge", settings)))
    reasons = [incident for _, incident in built if isinstance(incident, str)]
    assert all(len(reason) > 20 for reason in reasons)
    assert len(reasons) < len(built) / 4
    declared = {definition.name for definition in alerts_of(settings)}
    assert {scenario.alert for scenario, _ in built} == declared
