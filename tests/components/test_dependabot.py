"""The component `Dependabot`."""

from __future__ import annotations

from components.dependabot import Dependabot, DependabotArgs, LabelArgs
from readiness.settings.github import DependabotLabel
from tests.components.conftest import Declare

ARGS = DependabotArgs(
    repository="shop",
    labels=[
        LabelArgs(key="dependencies", name="Dependencies", color="0366d6", description="Updates a dependency"),
        LabelArgs(key="automated", name="automated", color="ededed"),
    ],
)


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
