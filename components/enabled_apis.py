"""The Google APIs that the program needs, enabled before what uses them.

Enabled is never undone: an API that this program turned on may by now serve others, so that neither a destroy nor a
removed line turns it off. For that reason both stacks may declare the same API; neither can take it from the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pulumi
from pulumi_gcp import projects

MONITORING_APIS = ("logging.googleapis.com", "monitoring.googleapis.com")
# Scanning on push is the second; the third keeps its results (registry facts, 3.1).
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
    """`apis` are full service names: `monitoring.googleapis.com`."""

    project: str
    apis: Sequence[str]


class EnabledApis(pulumi.ComponentResource):
    """One enabled API each; what uses an API depends on this component."""

    def __init__(self, name: str, args: EnabledApisArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:project:EnabledApis", name, None, opts)
        self.services = {
            api: projects.Service(
                f"{name}-{api.removesuffix('.googleapis.com')}",
                project=args.project,
                service=api,
                disable_on_destroy=False,
                disable_dependent_services=False,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for api in args.apis
        }
        self.register_outputs({"apis": list(self.services)})
