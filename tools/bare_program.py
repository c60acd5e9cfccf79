"""Writes the bare SDK program that registers the resources of a plan: the same typed classes, nothing else around them.

It is what a person would write without this product: no settings, no checks, no components of ours. Options other than
parent and dependencies are left out; they cost nothing to register.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import Any, get_args

from pulumi import _types

from readiness.review.offline_plan import SECRET, Plan
from readiness.review.recorder import STACK_TYPE
from readiness.settings.secret_names import OFFLINE_PLACEHOLDER

_PROGRAM = """\
{imports}

from readiness.review.recorder import record

r = {{}}


def program():
{body}


def registered():
    return record(program, project={project!r}, stack={stack!r})


if __name__ == "__main__":
    registered()
"""


def bare_program(plan: Plan) -> str:
    """Python text whose function `registered` returns the recording of every resource and output of `plan`.

    Raises LookupError for a resource type that no installed SDK has.
    """
    resources = [resource for resource in plan.resources if resource["type"] != STACK_TYPE]
    ids = {f"<{resource['name']}.id>": f"r[{resource['urn']!r}].id" for resource in resources}
    lines: list[str] = []
    modules = {"pulumi"}
    for resource in _in_order(resources):
        if resource["type"].startswith("readiness:"):
            inputs = _value(resource["inputs"], None, "", ids)
            first = f"{resource['type']!r}, {resource['name']!r}, {inputs}, {_options(resource)}"
            lines.append(f"r[{resource['urn']!r}] = pulumi.ComponentResource({first})")
            lines.append(f"r[{resource['urn']!r}].register_outputs({{}})")
            continue
        module, class_name = _class_of(resource["type"])
        modules.add(module)
        inputs = _keywords(resource["inputs"], _args_class(module, class_name), module, ids)
        arguments = ", ".join([repr(resource["name"]), *inputs, f"opts={_options(resource)}"])
        lines.append(f"r[{resource['urn']!r}] = {module}.{class_name}({arguments})")
    for name, value in plan.outputs.items():
        lines.append(f"pulumi.export({name!r}, {_value(value, None, '', ids)})")
    return _PROGRAM.format(
        imports="\n".join(f"import {module}" for module in sorted(modules)),
        body="\n".join(f"    {line}" for line in lines),
        project=plan.project,
        stack=plan.stack,
    )


def _in_order(resources: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Every resource after its parent and after what it depends on."""
    by_urn = {resource["urn"]: resource for resource in resources}
    done: set[str] = set()

    def visit(resource: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if resource["urn"] in done:
            return
        done.add(resource["urn"])
        for urn in (resource["parent"], *resource["options"].get("dependencies", ())):
            if urn in by_urn:
                yield from visit(by_urn[urn])
        yield resource

    for resource in resources:
        yield from visit(resource)


def _options(resource: Mapping[str, Any]) -> str:
    parts = []
    if resource["parent"].split("::")[2] != STACK_TYPE:
        parts.append(f"parent=r[{resource['parent']!r}]")
    if dependencies := resource["options"].get("dependencies"):
        parts.append(f"depends_on=[{', '.join(f'r[{urn!r}]' for urn in dependencies)}]")
    return f"pulumi.ResourceOptions({', '.join(parts)})"


def _class_of(type_: str) -> tuple[str, str]:
    """Module and class of a type: `gcp:logging/metric:Metric` is `pulumi_gcp.logging`, `Metric`."""
    package, path, class_name = type_.split(":")
    module = path.partition("/")[0]
    return (f"pulumi_{package}" if module == "index" else f"pulumi_{package}.{module}"), class_name


def _args_class(module: str, class_name: str) -> type:
    class_ = getattr(import_module(module), class_name, None)
    if class_ is None:
        raise LookupError(f"{module} has no class {class_name}")
    return getattr(sys.modules[class_.__module__], f"{class_name}Args")


def _keywords(values: Mapping[str, Any], args_class: type, module: str, ids: Mapping[str, str]) -> list[str]:
    types = _types.input_type_types(args_class)
    names = {theirs: ours for ours, theirs in _types.input_type_py_to_pulumi_names(args_class).items()}
    return [f"{names[name]}={_value(value, types[name], module, ids)}" for name, value in values.items()]


def _value(value: Any, annotation: Any, module: str, ids: Mapping[str, str]) -> str:
    """The expression that gives `value`, with the SDK's class where `annotation` names one."""
    if isinstance(value, dict):
        class_ = _input_class(annotation)
        if class_ is not None:
            return f"{module}.{class_.__name__}({', '.join(_keywords(value, class_, module, ids))})"
        items = (f"{key!r}: {_value(item, None, module, ids)}" for key, item in value.items())
        return f"{{{', '.join(items)}}}"
    if isinstance(value, list):
        return f"[{', '.join(_value(item, annotation, module, ids) for item in value)}]"
    if value == SECRET:
        return f"pulumi.Output.secret({OFFLINE_PLACEHOLDER!r})"
    return ids.get(value, repr(value)) if isinstance(value, str) else repr(value)


def _input_class(annotation: Any) -> type | None:
    """The SDK's class of inputs inside `Sequence[Union[XArgs, Awaitable[XArgs], …]]`, None for a plain map."""
    if isinstance(annotation, type) and _types.is_input_type(annotation):
        return annotation
    found = (_input_class(argument) for argument in get_args(annotation))
    return next((class_ for class_ in found if class_ is not None), None)
