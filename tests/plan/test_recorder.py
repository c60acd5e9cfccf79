"""The recorder: what a program registers, as the engine would have it, and what it may not ask for."""

from __future__ import annotations

import gc
import io
import logging
import os
import warnings
from collections.abc import Callable
from typing import Any

import pulumi
import pytest
from pulumi_gcp import monitoring, projects

from readiness.delivered.declared_texts import keep_text, open_store
from readiness.plan.recorder import Recording, UnrecordableError, record

STACK_URN = "urn:pulumi:dev::demo::pulumi:pulumi:Stack::demo-dev"


def recorded(program: Callable[[], Any], **more: Any) -> Recording:
    """What `program` registers as the program of demo/dev."""
    return record(program, project="demo", stack="dev", **more)


def email(name: str, opts: pulumi.ResourceOptions | None = None, **inputs: Any) -> monitoring.NotificationChannel:
    """A small resource."""
    return monitoring.NotificationChannel(name, type="email", opts=opts, **inputs)


class Outer(pulumi.ComponentResource):
    """A component with a component in it."""

    def __init__(self, name: str) -> None:
        super().__init__("demo:room:Outer", name)
        inner = Inner(f"{name}-inner", pulumi.ResourceOptions(parent=self))
        self.register_outputs({"inner": inner.urn, "answer": 42})


class Inner(pulumi.ComponentResource):
    """A component with a resource in it."""

    def __init__(self, name: str, opts: pulumi.ResourceOptions) -> None:
        super().__init__("demo:room:Inner", name, None, opts)
        email(f"{name}-mail", pulumi.ResourceOptions(parent=self))
        self.register_outputs({})


def test_a_urn_names_stack_project_type_and_name_and_leaves_the_root_stack_out() -> None:
    """The engine's rule for a resource at the top."""
    channel = "urn:pulumi:dev::demo::gcp:monitoring/notificationChannel:NotificationChannel::mail"
    assert list(recorded(lambda: email("mail")).requests) == [STACK_URN, channel]


def test_a_urn_chains_the_types_of_every_component_above_the_resource() -> None:
    """The engine's rule for nested components: all of the parents' types, not only the last."""
    urns = list(recorded(lambda: Outer("a")).requests)
    assert urns[1:] == [
        "urn:pulumi:dev::demo::demo:room:Outer::a",
        "urn:pulumi:dev::demo::demo:room:Outer$demo:room:Inner::a-inner",
        "urn:pulumi:dev::demo::demo:room:Outer$demo:room:Inner"
        "$gcp:monitoring/notificationChannel:NotificationChannel::a-inner-mail",
    ]


def test_two_resources_of_one_type_and_name_are_refused_as_the_engine_refuses_them() -> None:
    """A duplicate URN would silently overwrite the first of the two in a plan."""

    def program() -> None:
        email("same")
        email("same")

    with pytest.raises(UnrecordableError, match=r"two resources have the URN .*::same; give one of them another name"):
        recorded(program)


def test_one_name_may_stand_under_two_types_or_two_parents() -> None:
    """A name is unique only within its type and parents."""

    def program() -> None:
        Outer("a")
        Inner("a", pulumi.ResourceOptions())
        email("a")

    assert len(recorded(program).requests) == 1 + 3 + 2 + 1


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (lambda: projects.get_project(filter="name:x"), "getProject is called.*network; make its result a setting"),
        (
            lambda: monitoring.NotificationChannel.get("old", "projects/p/notificationChannels/1"),
            "NotificationChannel 'old' is read.*network; make its id a setting",
        ),
        (lambda: pulumi.StackReference("org/other/dev"), "StackReference 'org/other/dev' is read"),
    ],
    ids=["function", "resource", "stack reference"],
)
def test_what_needs_the_network_is_refused_with_a_way_out(program: Callable[[], Any], said: str) -> None:
    """A provider's function, and `get` and stack references, which read a state or a cloud."""
    with pytest.raises(UnrecordableError, match=said):
        recorded(program)


def fails(_value: Any) -> Any:
    """A bug."""
    raise ZeroDivisionError("a bug in an apply")


@pytest.mark.parametrize(
    "program",
    [
        lambda: pulumi.export("x", pulumi.Output.from_input(1).apply(fails)),
        lambda: email("mail", display_name=pulumi.Output.from_input("x").apply(fails)),
        lambda: email("mail").id.apply(fails) and None,
    ],
    ids=["exported", "as an input", "kept by nobody"],
)
def test_a_bug_inside_an_apply_surfaces(program: Callable[[], None]) -> None:
    """The SDK's own mocks let it pass when nobody waits for the output."""
    with pytest.raises(ZeroDivisionError, match="a bug in an apply"):
        recorded(program)


def test_a_failure_is_raised_once_and_printed_nowhere(
    capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    """The event loop would print a traceback for each output that waited for the failed one."""

    def program() -> None:
        monitoring.AlertPolicy.get("old", "projects/p/alertPolicies/1").name.apply(str)
        pulumi.export("other", pulumi.StackReference("org/other/dev").get_output("x"))
        email("mail", display_name=pulumi.Output.from_input("x").apply(fails))

    with caplog.at_level(logging.DEBUG), warnings.catch_warnings(record=True) as warned:
        with pytest.raises((UnrecordableError, ZeroDivisionError)):
            recorded(program)
        gc.collect()
    assert capfd.readouterr() == ("", "")
    assert [entry.getMessage() for entry in caplog.records if entry.levelno >= logging.WARNING] == []
    assert [str(warning.message) for warning in warned] == []


def test_what_the_program_logs_is_for_the_engine(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is none; on the terminal it would be between the lines of the plan."""
    heard = logging.StreamHandler(io.StringIO())
    monkeypatch.setattr(logging.root, "handlers", [heard])

    def program() -> None:
        pulumi.warn("careful")
        pulumi.error("wrong")

    recorded(program)
    assert capfd.readouterr() == ("", "")
    assert heard.stream.getvalue() == ""


def test_outputs_of_components_and_of_the_stack_are_recorded() -> None:
    """What `register_outputs` and `export` give."""

    def program() -> None:
        Outer("a")
        pulumi.export("answer", 42)

    outputs = recorded(program).outputs
    assert outputs[STACK_URN]["answer"] == 42
    assert outputs["urn:pulumi:dev::demo::demo:room:Outer::a"]["answer"] == 42


def test_configuration_is_what_is_passed_and_no_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """The SDK would fill in absent keys from `PULUMI_CONFIG`, which an engine sets for its own programs."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"demo:colour": "from the bag"}')
    monkeypatch.setenv("PULUMI_CONFIG_DEMO_SHAPE", "from a variable")
    seen: dict[str, str | None] = {}

    def program() -> None:
        config = pulumi.Config()
        seen.update({name: config.get(name) for name in ("size", "colour", "shape")})

    recorded(program, config={"demo:size": "10"})
    assert seen == {"size": "10", "colour": None, "shape": None}
    assert os.environ["PULUMI_CONFIG_DEMO_SHAPE"] == "from a variable", "the environment is given back"


def test_the_configuration_of_one_recording_is_gone_in_the_next() -> None:
    """Two stacks in one process must not see each other's values."""
    seen = []
    recorded(lambda: seen.append(pulumi.Config().get("size")), config={"demo:size": "10"}, secret_keys=["demo:size"])
    recorded(lambda: seen.append(pulumi.Config().get("size")))
    assert seen == ["10", None]


def keeps(text: str) -> Callable[[], None]:
    """A program whose component keeps a text out of its inputs, in an `apply`."""

    def program() -> None:
        component = Outer("a")
        component.urn.apply(lambda urn: keep_text(urn, "a.txt", text))

    return program


def test_the_texts_that_a_component_keeps_are_recorded_under_its_urn() -> None:
    """Its inputs do not hold them."""
    recording = recorded(keeps("first"))
    assert recording.files == {"urn:pulumi:dev::demo::demo:room:Outer::a": {"a.txt": "first"}}


def test_the_texts_of_one_recording_are_in_no_other() -> None:
    """Nor outside of it: a recording that failed leaves no open store behind either."""

    def fails_after_keeping() -> None:
        keep_text("urn", "a.txt", "failed")
        raise ZeroDivisionError

    with open_store() as outside:
        keep_text("urn", "a.txt", "before")
        with pytest.raises(ZeroDivisionError):
            recorded(fails_after_keeping)
        first, second = recorded(keeps("first")), recorded(keeps("second"))
        keep_text("urn", "b.txt", "after")
    assert [list(recording.files.values()) for recording in (first, second)] == [
        [{"a.txt": "first"}],
        [{"a.txt": "second"}],
    ]
    assert outside == {"urn": {"a.txt": "before", "b.txt": "after"}}
    assert recorded(lambda: None).files == {}
