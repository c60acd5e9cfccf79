"""Constructs single components on Pulumi's mocks, without the program, a provider or an engine."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable
from typing import Any, Protocol

import pulumi
import pytest
from google.protobuf import json_format
from pulumi.runtime.stack import run_pulumi_func

from components.outputs import VERSION_OUTPUT
from readiness.plan.offline_plan import Plan, plan_of
from readiness.plan.recorder import NoMocks, Recording, RecordingMonitor
from tests.projects import ROOT

PROJECT, STACK = "library", "test"


class Declare(Protocol):
    """Runs a function that constructs components, with `preview` as a preview does. Returns what it registered."""

    def __call__(self, program: Callable[[], object], *, preview: bool = False) -> Declared:
        """Raises what the program raises."""
        ...


@dataclasses.dataclass(frozen=True)
class Declared:
    """What was registered: `plan` shows secrets as `[secret]`, `recording` has the requests themselves."""

    plan: Plan
    recording: Recording

    @property
    def names(self) -> list[str]:
        """Of everything that was registered, sorted: what waits for nothing is registered in any order."""
        requests = self.recording.requests.values()
        return sorted(request.name for request in requests if request.type != "pulumi:pulumi:Stack")

    def of_type(self, type_: str) -> list[dict[str, Any]]:
        """The resources of a type, by URN."""
        return list(self.plan.of_type(type_))

    def named(self, name: str) -> dict[str, Any]:
        """The only resource with this name."""
        (resource,) = (resource for resource in self.plan.resources if resource["name"] == name)
        return resource

    def inputs(self, name: str) -> dict[str, Any]:
        """The inputs of the resource with this name."""
        return self.named(name)["inputs"]

    def parent_of(self, name: str) -> str:
        """The name of a resource's parent."""
        return self._name_of[self.named(name)["parent"]]

    def dependencies_of(self, name: str) -> set[str]:
        """The names of the resources that the resource with this name depends on."""
        return {self._name_of[urn] for urn in self.named(name)["options"].get("dependencies", ())}

    def outputs_of(self, name: str) -> dict[str, Any]:
        """What a component registered as its outputs, without the version, which every component registers."""
        outputs = json_format.MessageToDict(self.recording.outputs[self.named(name)["urn"]])
        return {key: value for key, value in outputs.items() if key != VERSION_OUTPUT}

    @property
    def _name_of(self) -> dict[str, str]:
        return {resource["urn"]: resource["name"] for resource in self.plan.resources}


@pytest.fixture
def declare() -> Declare:
    """`pulumi.runtime.set_mocks` with the recorder's monitor, which keeps parents, dependencies and options.

    The runtime's settings are context variables, and `asyncio.run` works on a copy of the context. The settings are
    therefore restored afterwards, and no test sees those of another one.
    """

    def run(program: Callable[[], object], *, preview: bool = False) -> Declared:
        monitor = RecordingMonitor(PROJECT, STACK)

        async def construct() -> None:
            pulumi.runtime.set_mocks(NoMocks(), project=PROJECT, stack=STACK, preview=preview, monitor=monitor)
            await run_pulumi_func(lambda: (program(), None)[1])

        asyncio.run(construct())
        return Declared(plan_of(monitor.recording, root=ROOT, project=PROJECT, stack=STACK), monitor.recording)

    return run
