"""The store as the APIs would list it: what `readiness adopt` reads."""

from __future__ import annotations

import json
from functools import partial

from readiness.live.adopt import LiveThings
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


def live_things(cloud: Cloud) -> LiveThings:
    """As the APIs list them, of one project and repository."""
    of = partial(_of_the_customer, cloud)
    policies = [(identity.split(":"), values) for identity, values in of(BRANCH_POLICY)]
    numbered = (
        (f"projects/{PROJECT_NUMBER}/dashboards/{identity.rpartition('/')[2]}", json.loads(values["dashboardJson"]))
        for identity, values in of(DASHBOARD)
    )
    return LiveThings(
        channels=[{**values, "name": identity} for identity, values in of(CHANNEL)],
        policies=[{**values, "name": identity} for identity, values in of(POLICY)],
        uptime_checks=[{**values, "name": identity} for identity, values in of(UPTIME_CHECK)],
        services=[{"name": identity} for identity, _ in of(SERVICE)],
        objectives=[{"name": identity} for identity, _ in of(OBJECTIVE)],
        dashboards=[{**shown, "name": identity} for identity, shown in numbered],
        log_metrics=[{"name": values["name"]} for _, values in of(METRIC)],
        sinks=[{"name": values["name"]} for _, values in of(SINK)],
        accounts=[{"name": identity, "email": identity.rpartition("/")[2]} for identity, _ in of(ACCOUNT)],
        jobs=[{"name": identity} for identity, _ in of(JOB)],
        repositories=[{"name": identity} for identity, _ in of(REPOSITORY)],
        environments=[{"name": values["environment"]} for _, values in of(ENVIRONMENT)],
        branch_policies=[
            {"environment": environment, "id": number, "name": values["branchPattern"]}
            for (_, environment, number), values in policies
        ],
        rulesets=[{"id": int(identity), "name": values["name"]} for identity, values in of(RULESET)],
        labels=[{"name": values["name"]} for _, values in of(LABEL)],
    )


def _of_the_customer(cloud: Cloud, type_: str) -> list[tuple[str, Values]]:
    owned = {PROJECT.rpartition("/")[2], REPOSITORY_NAME}
    things = cloud.of_type(type_).items()
    github = type_.startswith("github:")
    return [(identity, thing) for identity, thing in things if thing["repository" if github else "project"] in owned]
