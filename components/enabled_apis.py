"""Google APIs of a project, enabled before the resources that use them.

An API stays enabled when its resource is destroyed, because others may use it by then. Two stacks can therefore declare
the same API without disabling it for each other.

Not managed here: the project itself, and APIs that are enabled by other means.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

from .arguments import check_arguments, refuse_the_same_names
from .outputs import with_version
from .resource_options import child_options

MONITORING_APIS = ("logging.googleapis.com", "monitoring.googleapis.com")
# The second scans every pushed image, the third stores the results
# (https://docs.cloud.google.com/artifact-analysis/docs/scan-os-automatically).
REGISTRY_APIS = (
    "artifactregistry.googleapis.com",
    "containerscanning.googleapis.com",
    "containeranalysis.googleapis.com",
)
MIGRATION_APIS = (
    "iam.googleapis.com",
    "run.googleapis.com",
    "secretmanager.googleapis.com",
    "sqladmin.googleapis.com",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EnabledApisArgs:
    """`apis` are full service names, such as `monitoring.googleapis.com`. They are part of the resources' names."""

    project: pulumi.Input[str]
    apis: Sequence[str]


class EnabledApis(pulumi.ComponentResource):
    """Enables each of `apis`. Name the component in `depends_on` of what uses an API.

    `apis`: the service names, known once the APIs are enabled. The attribute `services` has the resources by service
    name.
    """

    apis: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: EnabledApisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, EnabledApisArgs).at(".apis")
        refuse_the_same_names({api: _child_name(name, api) for api in args.apis}, place)
        super().__init__("readiness:project:EnabledApis", name, None, opts)
        self.services = {
            api: projects.Service(
                _child_name(name, api),
                project=args.project,
                service=api,
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=child_options(self, opts),
            )
            for api in args.apis
        }
        self.apis = pulumi.Output.all(*[service.service for service in self.services.values()])
        self.register_outputs(with_version({"apis": self.apis}))


def _child_name(component: str, api: str) -> str:
    return f"{component}-{api.removesuffix('.googleapis.com')}"
