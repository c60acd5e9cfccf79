"""Requirements that every component meets."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
from collections.abc import Callable
from typing import Any
from unittest import mock

import pulumi
import pytest

import components
from components.outputs import VERSION_OUTPUT
from readiness import __version__
from readiness.plan import offline_plan
from readiness.plan.offline_plan import Plan
from readiness.plan.recorder import Recording, record
from tests.projects import EVERY_OPTION, ROOT, plan_of_stack

# Modules that the components share. They contain no component.
HELPERS = {"arguments", "outputs", "resource_options"}
MODULES = [
    importlib.import_module(f"components.{found.name}")
    for found in pkgutil.iter_modules(components.__path__)
    if found.name not in HELPERS
]
CLASSES: list[type[pulumi.ComponentResource]] = [
    value
    for module in MODULES
    for value in vars(module).values()
    if isinstance(value, type) and issubclass(value, pulumi.ComponentResource) and value.__module__ == module.__name__
]
NAMES = [class_.__name__ for class_ in CLASSES]


@pytest.fixture(scope="module")
def recording() -> Recording:
    """What the program of the stack with every option registers."""
    kept: list[Recording] = []

    def keep(*arguments: Any, **more: Any) -> Recording:
        kept.append(record(*arguments, **more))
        return kept[0]

    with mock.patch.object(offline_plan, "record", keep):
        plan_of_stack(EVERY_OPTION)
    return kept[0]


def test_each_file_holds_one_component_named_like_the_file() -> None:
    """A newcomer finds `NotificationChannels` in `notification_channels.py`."""
    expected = ["".join(word.capitalize() for word in module.__name__.split(".")[1].split("_")) for module in MODULES]
    assert expected == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_stack_with_every_option_declares_the_component(plans: dict[str, Plan], name: str) -> None:
    """Its type is `readiness:<package>:<class>`. A golden plan checks only what the fixture declares."""
    types = {resource["type"] for resource in plans[EVERY_OPTION].resources}
    assert [type_ for type_ in types if re.fullmatch(rf"readiness:[a-z]+:{name}", type_)]


@pytest.mark.parametrize("name", NAMES)
def test_the_component_registers_the_version_as_an_output_and_not_as_an_input(recording: Recording, name: str) -> None:
    """The state says which version declared it. As an input, every release would update every component."""
    requests = {urn: request for urn, request in recording.requests.items() if request.type.endswith(f":{name}")}
    assert requests
    for urn, request in requests.items():
        assert recording.outputs[urn][VERSION_OUTPUT] == __version__
        assert __version__ not in str(request.object)


@pytest.mark.parametrize("name", NAMES)
def test_the_arguments_of_the_component_are_a_frozen_dataclass_without_a_dictionary(name: str) -> None:
    """A misspelt argument is an error, and no argument changes after the component is constructed."""
    (class_,) = (class_ for class_ in CLASSES if class_.__name__ == name)
    args = getattr(importlib.import_module(class_.__module__), f"{name}Args")
    assert dataclasses.is_dataclass(args)
    parameters = args.__dataclass_params__
    assert (parameters.frozen, hasattr(args, "__slots__")) == (True, True)
    assert all(field.kw_only for field in dataclasses.fields(args))


def test_only_components_are_directly_below_the_stack(plans: dict[str, Plan]) -> None:
    """Every resource of a provider has a component as its parent, which says what the resource is for."""
    for plan in plans.values():
        root = next(resource["urn"] for resource in plan.resources if not resource["parent"])
        under_the_root = [resource["type"] for resource in plan.resources if resource["parent"] == root]
        assert under_the_root
        assert not [name for name in under_the_root if not name.startswith("readiness:")]


def with_more_options(original: Callable[..., None], more: pulumi.ResourceOptions) -> Callable[..., None]:
    """The constructor of a component, with more options than the program passes."""

    def construct(self: Any, name: str, args: Any, opts: pulumi.ResourceOptions | None = None) -> None:
        original(self, name, args, pulumi.ResourceOptions.merge(opts, more))

    return construct


def test_options_of_a_component_do_not_reach_its_children(
    plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Except protection, which the SDK passes on. With the alias of the component, all children would be renamed."""
    more = pulumi.ResourceOptions(aliases=[pulumi.Alias(name="former")], ignore_changes=["colour"], protect=True)
    for class_ in CLASSES:
        monkeypatch.setattr(class_, "__init__", with_more_options(class_.__init__, more))
    plan = plan_of_stack(EVERY_OPTION)
    before = {resource["urn"]: resource for resource in plans[EVERY_OPTION].resources}
    assert plan.resources
    for resource in plan.resources:
        usual, options = before[resource["urn"]], resource["options"]
        if resource["type"].startswith("readiness:"):
            assert {"aliases", "ignoreChanges", "protect"} <= options.keys(), "the component itself gets them"
        elif usual["parent"]:
            assert resource["parent"] == usual["parent"]
            assert options.pop("protect"), "the SDK itself hands this one down"
            assert options == {name: value for name, value in usual["options"].items() if name != "protect"}


def test_a_protected_or_retained_resource_has_its_reason_on_the_line_above() -> None:
    """So that whoever removes the option reads why it is there."""
    for path in sorted((ROOT / "components").glob("*.py")):
        lines = path.read_text(encoding="utf-8").splitlines()
        for number, line in enumerate(lines):
            if re.search(r"\b(protect|retain_on_delete|import_|ignore_changes)=", line):
                above = [line.strip() for line in lines[max(0, number - 2) : number]]
                assert any(line.startswith("#") for line in above), f"{path.name}:{number + 1} gives no reason"
