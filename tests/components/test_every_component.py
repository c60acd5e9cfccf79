"""What every component guarantees: for its children, and for each `pulumi.Input` of its Args classes.

The inputs are found in the annotations, so that a new input is tested without being listed anywhere.
"""

from __future__ import annotations

import asyncio
import dataclasses
import types
import typing
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

import pulumi
import pytest
from google.protobuf import json_format

from components.access_logs import AccessLogs
from components.alert_policies import AlertPolicies
from components.branch_ruleset import BranchRuleset
from components.dependabot import Dependabot
from components.deployment_dashboard import DeploymentDashboard
from components.deployment_log import DeploymentLog
from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.image_registry import ImageRegistry
from components.log_metrics import LogMetrics
from components.managed_files import ManagedFiles
from components.migration_job import MigrationJob
from components.notification_channels import NotificationChannels
from components.production_environment import ProductionEnvironment
from components.registry_audit import RegistryAudit
from components.repository_secrets import RepositorySecrets
from components.role_grants import RoleGrants
from components.service_levels import ServiceLevels
from components.uptime_checks import UptimeChecks
from readiness.plan.recorder import UNKNOWN, is_secret
from tests.components import (
    test_access_logs,
    test_alert_policies,
    test_branch_ruleset,
    test_dependabot,
    test_deployment_dashboard,
    test_deployment_log,
    test_enabled_apis,
    test_image_registry,
    test_log_metrics,
    test_managed_files,
    test_migration_job,
    test_notification_channels,
    test_production_environment,
    test_registry_audit,
    test_repository_secrets,
    test_role_grants,
    test_service_levels,
    test_uptime_checks,
)
from tests.components.conftest import Declare, Declared
from tests.program.test_every_component import CLASSES

# A path leads to an input: names of fields, keys of mappings, indices of sequences.
Path = tuple[str | int, ...]
Construct = Callable[[Any], object]
PLANTED_TEXT = "planted-0a1b2c"
PLANTED_NUMBER = 60_708_090
ADOPTED = dataclasses.replace(test_image_registry.ARGS, adopt=test_image_registry.EXISTING)
# Each component with arguments that use as many inputs as possible.
CASES: list[tuple[Callable[..., pulumi.ComponentResource], Any]] = [
    (AccessLogs, test_access_logs.ARGS),
    (AlertPolicies, test_alert_policies.ARGS),
    (BranchRuleset, test_branch_ruleset.WITH_BYPASS),
    (Dependabot, test_dependabot.ARGS),
    (DeploymentDashboard, test_deployment_dashboard.ARGS),
    (DeploymentLog, test_deployment_log.ARGS),
    (EnabledApis, test_enabled_apis.ARGS),
    (ImageRegistry, test_image_registry.ARGS),
    (ImageRegistry, ADOPTED),
    (LogMetrics, test_log_metrics.ARGS),
    (ManagedFiles, test_managed_files.COMMIT),
    (MigrationJob, test_migration_job.ARGS),
    (NotificationChannels, test_notification_channels.ARGS),
    (ProductionEnvironment, test_production_environment.ONE),
    (ProductionEnvironment, test_production_environment.TWO),
    (RegistryAudit, test_registry_audit.ARGS),
    (RepositorySecrets, test_repository_secrets.ARGS),
    (RoleGrants, test_role_grants.ARGS),
    (ServiceLevels, test_service_levels.ARGS),
    (UptimeChecks, test_uptime_checks.ARGS),
]
every_component = pytest.mark.parametrize(("class_", "args"), CASES)
# The outputs of a component with the name `it`, where they are not known to Google or GitHub only.
OUTPUTS: dict[str, dict[str, Any]] = {
    "AlertPolicies": {
        "ids": {
            "high-latency": "<it-high-latency.id>",
            "bucket-permission-change": "<it-bucket-permission-change.id>",
        }
    },
    "BranchRuleset": {"enforcement": "active"},
    "Dependabot": {},
    "DeploymentLog": {"bucket_id": "<it-bucket.id>"},
    "EnabledApis": {"apis": ["run.googleapis.com", "monitoring.googleapis.com"]},
    "LogMetrics": {"names": {"errors": "errors", "duration": "deploy_duration"}},
    "ManagedFiles": {"files": list(test_managed_files.TEXTS)},
    "MigrationJob": {"job_name": "shop-migrate", "account_email": test_migration_job.EMAIL},
    "ProductionEnvironment": {"environment_name": "production"},
    "RegistryAudit": {"metric_name": "shop_vulnerabilities_v1"},
    "RepositorySecrets": {"names": ["SLACK_WEBHOOK_URL", "DEPLOY_KEY"]},
    "RoleGrants": {"ids": {"scan-run-viewer": "<it-scan-run-viewer.id>", "scan-reader": "<it-scan-reader.id>"}},
    # Those of the objectives, not of the monitored services.
    "ServiceLevels": {"ids": {name: f"<it-{name}-availability.id>" for name in ("shop-api", "shop-web")}},
}


def test_every_component_is_a_case() -> None:
    """A new component needs a line in `CASES`."""
    assert {class_.__name__ for class_ in CLASSES} == {cast("type", class_).__name__ for class_, _ in CASES}


@every_component
def test_every_child_waits_for_what_the_component_depends_on(
    declare: Declare, class_: Callable[..., pulumi.ComponentResource], args: Any
) -> None:
    """An API has to be enabled first, for example. The plan shows the order for each resource."""

    def program() -> None:
        before = EnabledApis("before", EnabledApisArgs(project="shop-1234", apis=["a.example"]))
        class_("it", args, pulumi.ResourceOptions(depends_on=[before]))

    declared = declare(program)
    children = [name for name in declared.names if name.startswith("it-")]
    assert children
    for child in children:
        waits_for = {name for name in declared.dependencies_of(child) if not name.startswith("it-")}
        assert waits_for == {"before-a.example"}, child


@pytest.mark.parametrize("name", OUTPUTS)
def test_its_outputs_are_what_others_need_of_it(declare: Declare, name: str) -> None:
    """Ids or names, by the keys of the arguments or in the caller's order."""
    class_, args = next((class_, args) for class_, args in CASES if cast("type", class_).__name__ == name)
    assert declare(lambda: class_("it", args)).outputs_of("it") == OUTPUTS[name]


@every_component
def test_two_fit_into_one_program(declare: Declare, class_: Callable[..., pulumi.ComponentResource], args: Any) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [class_("first", args), class_("second", args)])
    children = [name for name in declared.names if name not in ("first", "second")]
    assert all(name.startswith(f"{declared.parent_of(name)}-") for name in children)
    ends = {parent: {name for name in children if name.startswith(f"{parent}-")} for parent in ("first", "second")}
    assert {name.replace("first", "second", 1) for name in ends["first"]} == ends["second"]


@every_component
def test_every_input_may_be_an_output_unknown_or_secret(
    declare: Declare, class_: Callable[..., pulumi.ComponentResource], args: Any
) -> None:
    """Each input may be plain, another resource's output, unknown in a preview, and a secret that stays one."""

    def construct(changed: Any) -> object:
        return class_("it", changed)

    paths = list(_within(args))
    assert paths, "no input was found"
    plain = declare(lambda: construct(args))
    assert_outputs_are_taken(declare, construct, args, plain)
    for path in paths:
        assert_unknown_is_planned(declare, construct, args, path, plain)
        assert_secret_stays_secret(declare, construct, args, path)
        assert_another_type_is_refused(construct, args, path)


def assert_outputs_are_taken(declare: Declare, construct: Construct, args: Any, plain: Declared) -> None:
    """Outputs of other resources, in the place of all inputs at once, register the same as the plain values."""

    def with_outputs() -> object:
        changed = args
        for path in _within(args):
            changed = _replaced(changed, path, pulumi.Output.from_input)
        return construct(changed)

    assert _by_urn(declare(with_outputs)) == _by_urn(plain), "an input that is an output registers something else"


def assert_unknown_is_planned(declare: Declare, construct: Construct, args: Any, path: Path, plain: Declared) -> None:
    """A preview shows the same resources before the value is known, and no made-up value in its place."""
    declared = declare(lambda: construct(_replaced(args, path, lambda _: _unknown())), preview=True)
    assert sorted(declared.names) == sorted(plain.names), f"{path} unknown changes what is registered"
    assert any(UNKNOWN in text for message in _messages(declared) for text in _texts(message)), f"{path} is lost"


def assert_secret_stays_secret(declare: Declare, construct: Construct, args: Any, path: Path) -> None:
    """The planted value is registered, and only inside a secret."""
    declared = declare(lambda: construct(_replaced(args, path, lambda value: pulumi.Output.secret(_planted(value)))))
    messages = list(_messages(declared))
    assert any(_is_planted(text) for message in messages for text in _texts(message)), f"{path} reaches no resource"
    for message in messages:
        readable = [text for text in _texts(_without_secrets(message)) if _is_planted(text)]
        assert not readable, f"{path} is readable in {readable}"


def assert_another_type_is_refused(construct: Construct, args: Any, path: Path) -> None:
    """By an error that names the argument, before anything is registered."""
    with pytest.raises(TypeError) as refused:
        construct(_replaced(args, path, lambda _: object()))
    assert str(path[-1]) in str(refused.value), f"{path} is not named"


def _paths(value: Any, hint: Any) -> Iterator[Path]:
    """Paths of inputs in a value that is annotated with `hint`."""
    if value is None:
        return
    if dataclasses.is_dataclass(value):
        yield from _within(value)
    elif _is_input(hint):
        yield ()
    elif isinstance(value, Mapping):
        hint = typing.get_args(_not_none(hint))[1]
        yield from ((key, *rest) for key, item in value.items() for rest in _paths(item, hint))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        hint = (typing.get_args(_not_none(hint)) or (Any,))[0]
        yield from ((index, *rest) for index, item in enumerate(value) for rest in _paths(item, hint))


def _within(value: Any) -> Iterator[Path]:
    """The paths of the values that are annotated as `pulumi.Input`, also in nested Args, except None."""
    # The SDK writes `Input` with names that only its own module has.
    hints = typing.get_type_hints(type(value), localns=vars(pulumi.output))
    for field in dataclasses.fields(value):
        yield from ((field.name, *rest) for rest in _paths(getattr(value, field.name), hints[field.name]))


def _is_input(hint: Any) -> bool:
    """`pulumi.Input[T]` is a union of `T`, an awaitable and an output."""
    return any(typing.get_origin(option) is pulumi.Output for option in _options(hint))


def _options(hint: Any) -> tuple[Any, ...]:
    return typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)


def _not_none(hint: Any) -> Any:
    return next(option for option in _options(hint) if option is not type(None))


def _replaced(args: Any, path: Path, change: Callable[[Any], Any]) -> Any:
    """A copy of `args` in which `change` has replaced the value at `path`."""
    if not path:
        return change(args)
    step, rest = path[0], path[1:]
    if dataclasses.is_dataclass(args) and not isinstance(args, type):
        return dataclasses.replace(args, **{str(step): _replaced(getattr(args, str(step)), rest, change)})
    if isinstance(args, Mapping):
        return {**args, step: _replaced(args[step], rest, change)}
    items = list(args)
    items[cast("int", step)] = _replaced(items[cast("int", step)], rest, change)
    return items


def _unknown() -> pulumi.Output[Any]:
    """An output of a resource that does not exist yet."""
    value: asyncio.Future[Any] = asyncio.Future()
    known: asyncio.Future[bool] = asyncio.Future()
    value.set_result(None)
    known.set_result(False)
    return pulumi.Output(set(), value, known)


def _planted(value: Any) -> Any:
    if isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return PLANTED_NUMBER
    if isinstance(value, Mapping):
        return {key: _planted(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_planted(item) for item in value]
    return PLANTED_TEXT


def _is_planted(text: str) -> bool:
    return PLANTED_TEXT in text or str(PLANTED_NUMBER) in text.replace(".0", "")


def _messages(declared: Declared) -> Iterator[dict[str, Any]]:
    """Inputs, ids to import and outputs of everything that was registered."""
    for urn, request in declared.recording.requests.items():
        yield {"urn": urn, "import": request.importId, "inputs": json_format.MessageToDict(request.object)}
    for urn, outputs in declared.recording.outputs.items():
        yield {"urn": urn, "outputs": json_format.MessageToDict(outputs)}


def _by_urn(declared: Declared) -> list[dict[str, Any]]:
    """The messages in a stable order: resources are registered when their inputs are known, so their order varies."""
    return sorted(_messages(declared), key=lambda message: (message["urn"], "outputs" in message))


def _texts(value: Any) -> Iterator[str]:
    """Every key and value as text."""
    if isinstance(value, dict):
        yield from (text for key, item in value.items() for text in (str(key), *_texts(item)))
    elif isinstance(value, list):
        yield from (text for item in value for text in _texts(item))
    else:
        yield str(value)


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return None if is_secret(value) else {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value
