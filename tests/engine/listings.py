"""The store as the APIs would list it: what `readiness adopt` reads."""

from __future__ import annotations

import json
from functools import partial

from readiness import resource_types as types
from readiness.live.adopt import LiveResources
from tests.engine.cloud import Cloud, Values
from tests.engine.kinds import (
    ACCOUNT,
    BRANCH_POLICY,
    CHANNEL,
    DASHBOARD,
    ENVIRONMENT,
    JOB,
    LABEL,
    METRIC,
    OBJECTIVE,
    POLICY,
    REPOSITORY,
    RULESET,
    SERVICE,
    SINK,
    UPTIME_CHECK,
)
from tests.engine.world import PROJECT, REPOSITORY_NAME

# As Google writes the project into the names of dashboards.
PROJECT_NUMBER = "864523342928"


def live_things(cloud: Cloud) -> LiveResources:
    """As the APIs list them, of one project and repository."""
    of = partial(_of_the_customer, cloud)
    policies = [(identity.split(":"), values) for identity, values in of(BRANCH_POLICY)]
    numbered = (
        (f"projects/{PROJECT_NUMBER}/dashboards/{identity.rpartition('/')[2]}", json.loads(values["dashboardJson"]))
        for identity, values in of(DASHBOARD)
    )
    return {
        types.CHANNEL: [{**values, "name": identity} for identity, values in of(CHANNEL)],
        types.ALERT_POLICY: [{**values, "name": identity} for identity, values in of(POLICY)],
        types.UPTIME_CHECK: [{**values, "name": identity} for identity, values in of(UPTIME_CHECK)],
        types.MONITORED_SERVICE: [{"name": identity} for identity, _ in of(SERVICE)],
        types.OBJECTIVE: [{"name": identity} for identity, _ in of(OBJECTIVE)],
        types.DASHBOARD: [{**shown, "name": identity} for identity, shown in numbered],
        types.LOG_METRIC: [{"name": values["name"]} for _, values in of(METRIC)],
        types.LOG_SINK: [{"name": values["name"]} for _, values in of(SINK)],
        types.ACCOUNT: [{"name": identity, "email": identity.rpartition("/")[2]} for identity, _ in of(ACCOUNT)],
        types.JOB: [{"name": identity} for identity, _ in of(JOB)],
        types.REGISTRY: [{"name": identity} for identity, _ in of(REPOSITORY)],
        types.ENVIRONMENT: [{"name": values["environment"]} for _, values in of(ENVIRONMENT)],
        types.BRANCH_POLICY: [
            {"environment": environment, "id": number, "name": values["branchPattern"]}
            for (_, environment, number), values in policies
        ],
        types.RULESET: [{"id": int(identity), "name": values["name"]} for identity, values in of(RULESET)],
        types.LABEL: [{"name": values["name"]} for _, values in of(LABEL)],
    }


def _of_the_customer(cloud: Cloud, type_: str) -> list[tuple[str, Values]]:
    owned = {PROJECT.rpartition("/")[2], REPOSITORY_NAME}
    things = cloud.of_type(type_).items()
    github = type_.startswith("github:")
    return [(identity, thing) for identity, thing in things if thing["repository" if github else "project"] in owned]
