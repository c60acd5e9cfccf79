"""Every input that the SDKs offer has its place: in the body, in the address, or with the provider itself.

So that an upgrade of an SDK which adds an input, or renames one, shows here and not as a false finding.
"""

from __future__ import annotations

import importlib
import json
import re
from typing import Any

import pytest

from readiness.rules.contract import UNKNOWN
from readiness.rules.plan_rules import CONTRACTS
from tests.rules.good_inputs import ALERT_POLICY, CHANNEL, DASHBOARD
from tests.rules.planting import check_body

WITH_BODY = sorted(type_ for type_, contract in CONTRACTS.items() if contract.schema is not None)
# Values without which no body can be made.
KNOWN: dict[str, dict[str, Any]] = {
    DASHBOARD: {"dashboardJson": json.dumps({"displayName": UNKNOWN})},
    CHANNEL: {"labels": {}},
}
_NESTED = re.compile(r"ForwardRef\('(\w+Args)'")


@pytest.mark.parametrize("type_", WITH_BODY)
def test_every_input_of_the_sdk_has_its_place(type_: str) -> None:
    """No input, at any depth, ends as a field that the API does not have."""
    body = CONTRACTS[type_].body(_every_input(type_))
    unknown = [str(item) for item in check_body(type_, body) if item.message.startswith("is not a field of the API")]
    assert unknown == []


def test_the_inputs_of_the_sdk_are_read_to_their_depth() -> None:
    """Else the test above would prove nothing."""
    inputs = _every_input(ALERT_POLICY)
    assert inputs["conditions"][0]["conditionPrometheusQueryLanguage"]["evaluationInterval"] == UNKNOWN


def _every_input(type_: str) -> dict[str, Any]:
    """All inputs of a resource type, each unknown, switches on, lists with one entry."""
    provider, module, name = re.split(r":|/\w+:", type_)
    package = f"pulumi_{provider}" if module == "index" else f"pulumi_{provider}.{module}"
    resource = getattr(importlib.import_module(package), name)
    args = getattr(importlib.import_module(resource.__module__), f"{name}Args")
    return {**_values(args, importlib.import_module(f"{package}._inputs"), ()), **KNOWN.get(type_, {})}


def _values(args: Any, inputs_module: Any, above: tuple[str, ...]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, annotation in args.__init__.__annotations__.items():
        text = str(annotation)
        nested = _NESTED.search(text)
        value: Any = True if re.match(r"typing\.\w+\[bool", text) else UNKNOWN
        if nested and nested[1] not in above:
            value = _values(getattr(inputs_module, nested[1]), inputs_module, (*above, nested[1]))
        is_list = nested is not None and re.match(r"typing\.(Union|Optional)\[typing\.Sequence\[", text) is not None
        if name != "return":
            values[_camel(name)] = [value] if is_list else value
    return values


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
