"""A bare SDK program, with which the bench compares: it registers the resources of a plan and does nothing else.

Usage: python -m tools.bare_program FILE, where FILE holds the JSON of `Plan.as_dict`. No settings, no checks, and no
components of ours, only the SDK's typed classes, as a person would write it. Options other than parent and dependencies
are left out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pulumi
from pulumi import _types

from readiness.plan.recorder import Recording, record
from readiness.resource_types import STACK_TYPE

_SECRET = "[secret]"  # noqa: S105 - what a plan shows in place of one


def registered(plan: Mapping[str, Any]) -> Recording:
    """The recording of every resource and output of the plan."""
    return record(lambda: _register(plan), project=plan["project"], stack=plan["stack"])


def _register(plan: Mapping[str, Any]) -> None:
    by_urn = {resource["urn"]: resource for resource in plan["resources"] if resource["type"] != STACK_TYPE}
    urn_of_id = {f"<{resource['name']}.id>": urn for urn, resource in by_urn.items()}
    made: dict[str, pulumi.Resource] = {}

    def make(urn: str) -> pulumi.Resource:
        if urn not in made:
            made[urn] = _resource(by_urn[urn], value, make, by_urn)
        return made[urn]

    def value(given: Any) -> Any:
        if isinstance(given, dict):
            return {key: value(item) for key, item in given.items()}
        if isinstance(given, list):
            return [value(item) for item in given]
        if given == _SECRET:
            return pulumi.Output.secret("bare")
        if isinstance(given, str) and given in urn_of_id:
            resource = make(urn_of_id[given])
            return resource.id if isinstance(resource, pulumi.CustomResource) else given
        return given

    for urn in by_urn:
        make(urn)
    for name, output in plan["outputs"].items():
        pulumi.export(name, value(output))


def _resource(resource: Mapping[str, Any], value: Any, make: Any, by_urn: Mapping[str, Any]) -> pulumi.Resource:
    options = pulumi.ResourceOptions(
        parent=make(resource["parent"]) if resource["parent"] in by_urn else None,
        depends_on=[make(urn) for urn in resource["options"].get("dependencies", ()) if urn in by_urn],
    )
    type_, name, inputs = resource["type"], resource["name"], value(resource["inputs"])
    if type_.startswith("readiness:"):
        component = pulumi.ComponentResource(type_, name, inputs, options)
        component.register_outputs({})
        return component
    class_ = _class_of(type_)
    args_class = getattr(sys.modules[class_.__module__], f"{class_.__name__}Args")
    return class_(name, opts=options, **_keywords(inputs, args_class))


def _class_of(type_: str) -> Any:
    """`gcp:logging/metric:Metric` is `pulumi_gcp.logging.Metric`, `github:index/…` is of `pulumi_github`.

    Raises LookupError for a type that the installed SDK does not have.
    """
    package, path, class_name = type_.split(":")
    folder = path.partition("/")[0]
    module = f"pulumi_{package}" if folder == "index" else f"pulumi_{package}.{folder}"
    class_ = getattr(import_module(module), class_name, None)
    if class_ is None:
        raise LookupError(f"{module} has no class {class_name}")
    return class_


def _keywords(inputs: Mapping[str, Any], args_class: type) -> dict[str, Any]:
    """The inputs by their Python names, as the SDK's classes of inputs where it has one."""
    types = _types.input_type_types(args_class)
    names = {theirs: ours for ours, theirs in _types.input_type_py_to_pulumi_names(args_class).items()}
    return {names[name]: _typed(given, types[name]) for name, given in inputs.items()}


def _typed(given: Any, annotation: Any) -> Any:
    if isinstance(given, list):
        return [_typed(item, annotation) for item in given]
    class_ = _input_class(annotation)
    return class_(**_keywords(given, class_)) if isinstance(given, dict) and class_ else given


def _input_class(annotation: Any) -> Any:
    """The class of inputs inside `Sequence[Union[XArgs, Awaitable[XArgs], …]]`, None for a plain map."""
    if isinstance(annotation, type) and _types.is_input_type(annotation):
        return annotation
    return next((found for argument in get_args(annotation) if (found := _input_class(argument))), None)


if __name__ == "__main__":
    registered(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
