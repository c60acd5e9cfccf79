"""The component `Dependabot`."""

from __future__ import annotations

import pulumi
import pulumi_github as github

from components.dependabot import Dependabot, DependabotArgs, LabelArgs
from readiness.settings.github import DependabotLabel
from tests.components.conftest import Declare
from tests.components.inputs import assert_inputs_are_inputs

ARGS = DependabotArgs(
    repository="shop",
    labels=[
        LabelArgs(key="dependencies", name="Dependencies", color="0366d6", description="Updates a dependency"),
        LabelArgs(key="automated", name="automated", color="ededed"),
    ],
)
CHILDREN = ["dependabot-alerts", "dependabot-security-updates", "dependabot-label-dependencies"]


def test_alerts_and_security_updates_are_switched_on(declare: Declare) -> None:
    """Without labels it declares nothing else."""
    declared = declare(lambda: Dependabot("dependabot", DependabotArgs(repository="shop", labels=[])))
    assert sorted(declared.names) == ["dependabot", "dependabot-alerts", "dependabot-security-updates"]
    for name in ("dependabot-alerts", "dependabot-security-updates"):
        assert declared.inputs(name) == {"repository": "shop", "enabled": True}


def test_security_updates_wait_for_the_alerts(declare: Declare) -> None:
    """GitHub refuses the second without the first."""
    declared = declare(lambda: Dependabot("dependabot", ARGS))
    assert declared.dependencies_of("dependabot-security-updates") == {"dependabot-alerts"}
    assert declared.dependencies_of("dependabot-alerts") == set()


def test_each_label_is_declared(declare: Declare) -> None:
    """Its key ends the name of the resource."""
    declared = declare(lambda: Dependabot("dependabot", ARGS))
    assert declared.inputs("dependabot-label-dependencies") == {
        "repository": "shop",
        "name": "Dependencies",
        "color": "0366d6",
        "description": "Updates a dependency",
    }
    assert declared.inputs("dependabot-label-automated")["description"] == ""


def test_a_label_of_the_settings_has_its_name_in_lower_case_as_its_key() -> None:
    """To GitHub, `Bug` and `bug` are the same label."""
    label = DependabotLabel(name="Two Words", color="ededed", description="Said twice")
    assert LabelArgs.of(label) == LabelArgs(key="two words", name="Two Words", color="ededed", description="Said twice")


def test_labels_that_differ_by_a_space_are_two_resources(declare: Declare) -> None:
    """The settings accept both, so the names of their resources must differ."""
    names = ["two words", "two-words"]
    labels = [LabelArgs.of(DependabotLabel(name=name, color="ededed")) for name in names]
    declared = declare(lambda: Dependabot("dependabot", DependabotArgs(repository="shop", labels=labels)))
    assert [declared.inputs(f"dependabot-label-{name}")["name"] for name in names] == names


def test_every_resource_waits_for_what_the_component_depends_on(declare: Declare) -> None:
    """Security updates also wait for the alerts."""

    def program() -> None:
        label = github.IssueLabel("first", repository="shop", name="first", color="ededed")
        Dependabot("dependabot", ARGS, pulumi.ResourceOptions(depends_on=[label]))

    declared = declare(program)
    assert [declared.dependencies_of(name) for name in CHILDREN] == [
        {"first"},
        {"first", "dependabot-alerts"},
        {"first"},
    ]


def test_two_fit_into_one_program(declare: Declare) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [Dependabot("first", ARGS), Dependabot("second", ARGS)])
    parents = {name: declared.parent_of(name) for name in declared.names if "-" in name}
    assert len(parents) == 8
    assert all(name.startswith(f"{parent}-") for name, parent in parents.items())


def test_every_input_may_be_an_output_unknown_or_secret(declare: Declare) -> None:
    """The repository, and each label's name, colour and description."""
    assert_inputs_are_inputs(declare, lambda args: Dependabot("dependabot", args), ARGS)
