"""The component `EnabledApis`."""

from __future__ import annotations

import pytest

from components import enabled_apis
from components.enabled_apis import EnabledApis, EnabledApisArgs
from tests.components.conftest import Declare

ARGS = EnabledApisArgs(project="shop-1234", apis=["run.googleapis.com", "monitoring.googleapis.com"])


def test_an_api_stays_enabled_when_its_resource_is_destroyed(declare: Declare) -> None:
    """Others may use it by then. Both options are explicit, because the provider has changed its defaults before."""
    declared = declare(lambda: EnabledApis("apis", ARGS))
    assert declared.names == ["apis", "apis-monitoring", "apis-run"]
    assert declared.inputs("apis-run") == {
        "project": "shop-1234",
        "service": "run.googleapis.com",
        "disableOnDestroy": False,
        "disableDependentServices": False,
    }


def test_what_uses_its_output_waits_for_the_apis(declare: Declare) -> None:
    """The names are known once the APIs are enabled."""

    def program() -> None:
        first = EnabledApis("first", ARGS)
        EnabledApis("second", EnabledApisArgs(project=first.apis.apply(lambda apis: apis[0]), apis=["b.example"]))

    assert declare(program).dependencies_of("second-b.example") == {"first-run", "first-monitoring"}


def test_its_resources_are_found_by_the_name_of_the_api(declare: Declare) -> None:
    """So that a resource can depend on a single API."""
    made: list[EnabledApis] = []
    declare(lambda: made.append(EnabledApis("apis", ARGS)))
    assert list(made[0].services) == ["run.googleapis.com", "monitoring.googleapis.com"]


@pytest.mark.parametrize("group", ["MONITORING_APIS", "REGISTRY_APIS", "MIGRATION_APIS"])
def test_a_group_of_apis_holds_full_names_and_none_twice(declare: Declare, group: str) -> None:
    """The engine refuses two resources of one name."""
    apis = getattr(enabled_apis, group)
    declared = declare(lambda: EnabledApis("apis", EnabledApisArgs(project="shop-1234", apis=apis)))
    assert declared.outputs_of("apis") == {"apis": list(apis)}
    assert all(api.endswith(".googleapis.com") for api in apis)
