"""A program for a plan runs in a process of its own, without credentials, and only registers what it declares."""

from __future__ import annotations

import dataclasses
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from pulumi.runtime.proto import resource_pb2

from readiness.finding import RefusedError, text_line
from readiness.plan import program_process
from readiness.plan.offline_plan import Plan, plan_json, plan_stack
from readiness.plan.program_process import program_environment, programs
from readiness.settings.stack_files import StackConfig, read_stack
from readiness.settings.stack_names import stack_names

pytestmark = pytest.mark.processes

CONFIG = StackConfig(stack="dev", file="Pulumi.dev.yaml", project="demo")
RESOURCE = 'pulumi.CustomResource("a:b/c:D", "one", {"size": 3, "secret": pulumi.Output.secret("x")})\n'


def planned(folder: Path, text: str, config: StackConfig = CONFIG) -> Plan:
    """The plan of the program `text`, in a process of its own."""
    (folder / "__main__.py").write_text(textwrap.dedent(text), encoding="utf-8")
    with programs([(folder, config)]) as (running,):
        return running.plan()


def refusal(folder: Path, text: str) -> str:
    """Why there is no plan, in one line."""
    with pytest.raises(RefusedError) as refused:
        planned(folder, text)
    (problem,) = refused.value.problems
    return text_line(problem)


def test_the_plan_is_the_one_that_is_made_in_one_process(small_project: Path) -> None:
    """Resources, options, outputs, files, secrets: the same bytes, but for lines: this process has other components."""
    config = read_stack(small_project, stack_names(small_project)[0])
    with programs([(small_project, config)]) as (running,):
        theirs = running.plan()
    ours = plan_stack(small_project, config)
    assert _without_lines(theirs) == _without_lines(ours)
    assert theirs.setup is not None
    files = {resource["source"]["file"] for resource in theirs.resources if resource["source"]}
    assert {"__main__.py", "components/alert_policies.py"} <= files


def _without_lines(plan: Plan) -> str:
    resources = tuple(resource | {"source": None} for resource in plan.resources)
    return plan_json(dataclasses.replace(plan, resources=resources))


def test_a_program_has_no_credential_and_no_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It sees a list of harmless variables alone, not only without those that somebody thought of."""
    for name in ("GITHUB_TOKEN", "GOOGLE_OAUTH_ACCESS_TOKEN", "PULUMI_ACCESS_TOKEN", "SOMETHING_NEW", "PYTHONPATH"):
        monkeypatch.setenv(name, "placeholder")
    plan = planned(
        tmp_path,
        """
        import os, pulumi
        pulumi.export("names", sorted(os.environ))
        pulumi.export("home", os.listdir(os.environ["HOME"]))
        """,
    )
    ours = {"HOME", "NO_COLOR"}
    assert set(plan.outputs["names"]) <= {*program_process.KEPT_VARIABLES, *ours}
    assert plan.outputs["home"] == []
    assert program_environment({"PATH": "/bin", "TOKEN": "x"}, tmp_path) == {
        "PATH": "/bin", "HOME": str(tmp_path), "NO_COLOR": "1",
    }  # fmt: skip


def test_what_a_program_changes_in_its_process_stays_there(tmp_path: Path) -> None:
    """It may empty the judge's tables and the recorder: these are copies of ours."""
    plan = planned(
        tmp_path,
        f"""
        import pulumi
        import readiness.plan.recorder as recorder, readiness.plan.offline_plan as offline_plan
        offline_plan.plan_of = recorder.RecordingMonitor.RegisterResource = lambda *a, **k: None
        {RESOURCE}
        """,
    )
    assert [resource["name"] for resource in plan.resources] == ["one", "demo-dev"]
    assert plan.resources[0]["inputs"] == {"secret": "[secret]", "size": 3}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("import pulumi\n\n1 / 0\n", "__main__.py:3: the program fails: ZeroDivisionError: division by zero"),
        ("import sys\nsys.exit(3)\n", "__main__.py:2: the program ends itself with status 3"),
        ("x = (\n", "__main__.py:1: the program fails: SyntaxError"),
        ("import pulumi\nraise pulumi.RunError('no such size')\n", "Pulumi.dev.yaml: no such size"),
        (f"import pulumi\n{RESOURCE}{RESOURCE}", "__main__.py: two resources have the URN"),
        ("import pulumi\npulumi.runtime.invoke('a:b:c', {})\n", "the function a:b:c is called"),
        (
            "import pulumi\npulumi.runtime.register_resource_transform(lambda args: None)\n",
            "a transform changes every resource in the engine",
        ),
        (
            f"import pulumi\n{RESOURCE}".replace(
                "})\n", "}, pulumi.ResourceOptions(transforms=[lambda args: None]))\n"
            ),
            "a transform changes a:b/c:D 'one' in the engine",
        ),
        ("import os\nos._exit(0)\n", "the program's process ends without an answer: status 0"),
        ("import os\nos.write(1, b'[]')\nos._exit(0)\n", "the program's process ends without an answer"),
        ("import os\nos.kill(os.getpid(), 9)\n", "the program's process ends without an answer: status -9"),
    ],
)
def test_a_program_without_a_plan_is_refused_in_a_sentence(tmp_path: Path, text: str, said: str) -> None:
    """At its own line, where one is known."""
    line = refusal(tmp_path, text)
    assert said in line
    assert str(tmp_path) not in line


def test_a_refused_request_is_refused_even_where_the_program_goes_on(tmp_path: Path) -> None:
    """Else a program would plan without what it applies."""
    text = "import pulumi\ntry:\n    pulumi.runtime.invoke('a:b:c', {})\nexcept BaseException:\n    pass\n"
    assert "the function a:b:c is called" in refusal(tmp_path, text)


def test_a_program_that_registers_without_end_is_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before it fills the memory of the process that judges."""
    monkeypatch.setattr(program_process, "MAX_RESOURCES", 5)
    text = "import pulumi\nfor n in range(20):\n    pulumi.CustomResource('a:b/c:D', f'n{n}', {})\n"
    assert "registers more than 5 resources" in refusal(tmp_path, text)


def test_a_project_without_a_program_or_a_python_is_refused(tmp_path: Path) -> None:
    """With the name of what is missing."""
    with pytest.raises(RefusedError, match=r"__main__\.py.*does not exist"), programs([(tmp_path, CONFIG)]):
        pass
    (tmp_path / "__main__.py").write_text("", encoding="utf-8")
    with pytest.raises(RefusedError, match="cannot be started"), programs([(tmp_path, CONFIG)], python="/no/python"):
        pass


def test_a_long_path_of_the_temporary_folder_works_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The name of a socket may be no longer than about a hundred bytes."""
    long = tmp_path / ("long" * 30)
    long.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(long))
    assert planned(tmp_path, "import pulumi\npulumi.export('a', 1)\n").outputs == {"a": 1}


def test_the_runner_imports_nothing_of_the_judge_s_toolkit() -> None:
    """Its `readiness` is the program's own, which may be another version."""
    load = f"import runpy, sys; runpy.run_path({str(program_process._RUNNER)!r})"
    script = f"{load}; print([name for name in sys.modules if name.startswith('readiness')])"
    command = [sys.executable, "-I", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env={"PATH": os.environ["PATH"]})
    assert done.stdout == "[]\n"


def test_an_sdk_that_asks_feature_by_feature_gets_the_recorder_s_answers() -> None:
    """Every SDK before the one call for all of them."""
    monitor = program_process._Monitor(program_process.RecordingMonitor("demo", "dev"))
    asked = {name: resource_pb2.SupportsFeatureRequest(id=name) for name in ("secrets", "outputValues")}
    assert {name: monitor.SupportsFeature(request, None).hasSupport for name, request in asked.items()} == {
        "secrets": True,
        "outputValues": False,
    }
