"""Wrong arguments of a component end in one error that names the component and the argument, and no resource."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

from components.deployment_dashboard import DeploymentDashboard, DeploymentDashboardArgs
from components.enabled_apis import EnabledApis, EnabledApisArgs
from components.image_registry import ImageRegistry, ImageRegistryArgs
from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from components.managed_files import ManagedFiles, ManagedFilesArgs
from components.notification_channels import NotificationChannelArgs, NotificationChannels, NotificationChannelsArgs
from components.production_environment import (
    EnvironmentArgs,
    ProductionEnvironment,
    ProductionEnvironmentArgs,
    ReviewerArgs,
    SecondApprovalArgs,
)
from components.repository_secrets import RepositorySecretArgs, RepositorySecrets, RepositorySecretsArgs
from components.role_grants import RegistryArgs, RoleGrantArgs, RoleGrants, RoleGrantsArgs
from components.service_levels import ServiceLevels, ServiceLevelsArgs
from components.uptime_checks import UptimeCheckArgs, UptimeChecks, UptimeChecksArgs
from readiness.images.policies import Policy
from tests.components.conftest import Declare

# The wrong values are `Any`, because the type check refuses most of them as well.
Changes = Any
REVIEWER = ReviewerArgs(kind="user", name="ann", id=1)
GRANT = RoleGrantArgs(key="run", role="roles/run.viewer", member="user:ann@example.com")


def grants(**changes: Changes) -> object:
    """One grant, and the changes to it."""
    return RoleGrants("ci", RoleGrantsArgs(project="shop", grants=[dataclasses.replace(GRANT, **changes)]))


def checks(**changes: Changes) -> object:
    """One check, and the changes to the arguments of all."""
    check = UptimeCheckArgs(key="web", host="shop.example")
    args = UptimeChecksArgs(
        project="shop", environment="live", checks=[check], period_seconds=300, timeout_seconds=10, regions=["USA"]
    )
    return UptimeChecks("up", dataclasses.replace(args, **changes))


def gate(second: SecondApprovalArgs | None = None, **changes: Changes) -> object:
    """An environment with one reviewer, and the changes to it."""
    environment = EnvironmentArgs(name="production", reviewers=[REVIEWER], branch_patterns=["main"])
    environment = dataclasses.replace(environment, **changes)
    args = ProductionEnvironmentArgs(repository="shop", environment=environment, second_approval=second)
    return ProductionEnvironment("gate", args)


def files(*paths: str, **changes: Changes) -> object:
    """Files with these paths."""
    args = ManagedFilesArgs(repository="shop", branch="main", delivery="commit", files=dict.fromkeys(paths, "text"))
    return ManagedFiles("files", dataclasses.replace(args, **changes))


def registry(policy: Policy | None = None, **changes: Changes) -> object:
    """A repository with one policy at most."""
    policies = [] if policy is None else [policy]
    args = ImageRegistryArgs(
        project="shop", location="us", repository_id="images", cleanup_policies=policies, cleanup_dry_run=True
    )
    return ImageRegistry("images", dataclasses.replace(args, **changes))


def apis(*names: Changes, **changes: Changes) -> object:
    """APIs with these names."""
    return EnabledApis("apis", dataclasses.replace(EnabledApisArgs(project="shop", apis=names), **changes))


def any_args(args: Changes) -> object:
    """A component with these as its arguments."""
    return RoleGrants("ci", args)


def channels(*kinds: str) -> object:
    """Channels without keys."""
    made = [NotificationChannelArgs(kind=kind, display_name="On call") for kind in kinds]
    return NotificationChannels("on-call", NotificationChannelsArgs(project="shop", environment="live", channels=made))


def slack(**labels: Changes) -> object:
    """A channel with these labels."""
    channel = NotificationChannelArgs(kind="slack", display_name="On call", **labels)
    args = NotificationChannelsArgs(project="shop", environment="live", channels=[channel])
    return NotificationChannels("on-call", args)


def levels(**changes: Changes) -> object:
    """An objective."""
    args = ServiceLevelsArgs(project="shop", environment="live", services=["api"], goal_ratio=0.99, period_days=28)
    return ServiceLevels("slo", dataclasses.replace(args, **changes))


def metrics(**changes: Changes) -> object:
    """A counter."""
    metric = LogMetricArgs(key="cards", name="cards", description="Cards", filter="severity=ERROR", **changes)
    return LogMetrics("logs", LogMetricsArgs(project="shop", metrics=[metric]))


def reviewer(**changes: Changes) -> ReviewerArgs:
    """The reviewer, changed."""
    return dataclasses.replace(REVIEWER, **changes)


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: any_args(None), r'RoleGrants "ci": takes RoleGrantsArgs, not NoneType\.'),
    (lambda: any_args(RegistryArgs(location="us", repository="a")), r'RoleGrants "ci": takes RoleGrantsArgs, not Reg'),
    (lambda: grants(key=None), r'RoleGrants "ci", argument `grants\[0\]\.key`: takes str, not NoneType\.'),
    (lambda: grants(key=""), r'RoleGrants "ci", argument `grants\[0\]`: has an empty key\.'),
    (lambda: grants(member=["user:ann@example.com"]), r"`grants\[0\]\.member`: takes str, not list"),
    (lambda: grants(registry="images"), r"`grants\[0\]\.registry`: takes RegistryArgs, not str"),
    (lambda: grants(depends_on=GRANT), r"`grants\[0\]\.depends_on`: takes a list, not RoleGrantArgs"),
    (lambda: checks(regions="USA"), r"`regions`: takes a list, not str"),
    (lambda: checks(regions={"USA"}), r"`regions`: takes a list, not set"),
    (lambda: checks(period_seconds="300"), r"`period_seconds`: takes int, not str"),
    (lambda: checks(period_seconds=300.0), r"`period_seconds`: takes int, not float"),
    (lambda: checks(timeout_seconds=True), r"`timeout_seconds`: takes int, not bool"),
    (lambda: checks(project=None), r"`project`: takes str, not NoneType"),
    (lambda: gate(reviewers=[]), r"`environment\.reviewers`: has 0 reviewers\. Name 1 to 6"),
    (lambda: gate(reviewers=[reviewer(id=n) for n in range(7)]), r"`environment\.reviewers`: has 7 reviewers"),
    (
        lambda: gate(reviewers=[reviewer(kind="User")]),
        r"`environment\.reviewers\[0\]\.kind`: 'User' is none of 'user', ",
    ),
    (lambda: gate(reviewers=[reviewer(id="1")]), r"`environment\.reviewers\[0\]\.id`: takes int, not str"),
    (lambda: gate(reviewers=[reviewer(id=1.5)]), r"`environment\.reviewers\[0\]\.id`: takes int, not float"),
    (lambda: gate(branch_patterns="main"), r"`environment\.branch_patterns`: takes a list, not str"),
    (
        lambda: gate(branch_patterns=["a", "a"]),
        r"`environment\.branch_patterns\[1\]`: 'a' is in the list already, at \[0",
    ),
    (lambda: gate(prevent_self_review="false"), r"`environment\.prevent_self_review`: takes bool, not str"),
    (lambda: gate(SecondApprovalArgs(name="second", reviewers=[])), r"`second_approval\.reviewers`: has 0 reviewers"),
    (
        lambda: gate(SecondApprovalArgs(name="production", reviewers=[REVIEWER])),
        r"`second_approval\.name`: is the name",
    ),
    (lambda: files(delivery="commits"), r"`delivery`: 'commits' is none of 'commit', 'pull_request'\."),
    (lambda: files("README.md"), r"`files`: 'README\.md' is no plain path below `\.github/`"),
    (lambda: files(".github/../a"), r"`files`: '\.github/\.\./a' is no plain path"),
    (lambda: files(".github/___"), r"`files`: '\.github/___' is no plain path"),
    (
        lambda: files(".github/a.b", ".github/a-b"),
        r"'\.github/a\.b' and '\.github/a-b' would both be the resource 'files",
    ),
    (lambda: files(files={".github/a": None}), r"`files\['\.github/a'\]`: takes str, not NoneType"),
    (lambda: files(files=[".github/a"]), r"`files`: takes a mapping, not list"),
    (lambda: files(files={"": "text"}), r"`files`: '' is not a key"),
    (lambda: apis("run.googleapis.com", "run.googleapis.com"), r"`apis\[1\]`: 'run\.googleapis\.com' is in the list"),
    (lambda: apis("run", "run.googleapis.com"), r"`apis`: 'run' and 'run\.googleapis\.com' would both be the resource"),
    (lambda: apis(""), r"`apis\[0\]`: is empty"),
    (lambda: channels("email", "email"), r"`channels\[1\]`: 'email' is in the list already"),
    (lambda: slack(labels={"auth_token": "planted"}), r"`channels\[0\]\.labels`: `auth_token` would be readable"),
    (
        lambda: slack(sensitive_labels={"token": "planted"}),
        r"`channels\[0\]\.sensitive_labels`: `token` is no",
    ),
    (lambda: levels(goal_ratio=99.5), r"`goal_ratio`: 99\.5 is no share of 1"),
    (lambda: levels(services="api"), r"`services`: takes a list, not str"),
    (lambda: metrics(bucket_bounds=[1, 2]), r"`metrics\[0\]\.bucket_bounds`: needs `value_field`"),
    (lambda: registry(adopt=""), r"`adopt`: '' is not of the form projects/P/locations/L/repositories/R"),
    (lambda: registry(cleanup_dry_run="false"), r"`cleanup_dry_run`: takes bool, not str"),
    (
        lambda: registry(Policy(id="a", action="delete")),
        r"`cleanup_policies`: a: its action is neither DELETE nor KEEP",
    ),
    (
        lambda: registry(Policy(id="a", action="DELETE", keep_count=5)),
        r"`cleanup_policies`: a: mostRecentVersions only keeps",
    ),
    (
        lambda: registry(Policy(id="a", action="KEEP", tag_state="any")),
        r"`cleanup_policies`: a: its tagState is not one of ANY, TAGGED, UNTAGGED",
    ),
]


@pytest.mark.parametrize(("construct", "message"), WRONG)
def test_a_wrong_argument_is_refused_before_anything_is_registered(
    construct: Callable[[], object], message: str
) -> None:
    """The test sets no Pulumi runtime, so that nothing can be registered."""
    with pytest.raises((TypeError, ValueError), match=message):
        construct()


def test_an_output_is_refused_where_the_program_needs_the_value(declare: Declare) -> None:
    """Converted to text, the output would put the SDK's warning into a name or a duration."""
    with pytest.raises(TypeError, match=r"`grants\[0\]\.key`: takes a plain value and no output"):
        declare(lambda: grants(key=pulumi.Output.from_input("run")))
    with pytest.raises(TypeError, match="`timeout_seconds`: takes a plain value and no output"):
        declare(lambda: checks(timeout_seconds=pulumi.Output.from_input(10)))


def test_two_grants_of_one_key_on_different_targets_are_refused() -> None:
    """They would be two resources of different types, but `ids` can have only one of them."""
    on_registry = dataclasses.replace(GRANT, registry=RegistryArgs(location="us", repository="images"))
    with pytest.raises(ValueError, match=r"`grants\[1\]`: 'run' is in the list already, at \[0\]"):
        RoleGrants("ci", RoleGrantsArgs(project="shop", grants=[GRANT, on_registry]))


def test_secrets_and_viewers_that_would_share_a_resource_are_refused() -> None:
    """GitHub ignores the case of a secret's name."""
    secrets = {name: RepositorySecretArgs(value="planted") for name in ("A_B", "a_b")}
    with pytest.raises(ValueError, match=r"`secrets`: 'A_B' and 'a_b' would both be the resource 'workflows-a-b'"):
        RepositorySecrets("workflows", RepositorySecretsArgs(repository="shop", secrets=secrets))
    viewers = ["user:a.b@example.com", "user:a-b@example.com"]
    with pytest.raises(ValueError, match="would both be the resource"):
        DeploymentDashboard("board", DeploymentDashboardArgs(project="shop", dashboard_json="{}", viewers=viewers))


def test_a_refusal_shows_no_value_that_may_be_a_secret() -> None:
    """Otherwise the log of the run would show the secret."""
    value: Any = b"planted"
    args = RepositorySecretsArgs(repository="shop", secrets={"TOKEN": RepositorySecretArgs(value=value)})
    with pytest.raises(TypeError) as refused:
        RepositorySecrets("workflows", args)
    assert (
        str(refused.value)
        == "RepositorySecrets \"workflows\", argument `secrets['TOKEN'].value`: takes str, not bytes."
    )


def test_empty_lists_and_paths_of_a_pull_request_are_taken(declare: Declare) -> None:
    """A component may have no children, and files that are no resources need no different names."""
    assert declare(lambda: RoleGrants("ci", RoleGrantsArgs(project="shop", grants=[]))).names == ["ci"]
    assert declare(lambda: files(".github/a.b", ".github/a-b", delivery="pull_request")).names == ["files"]
