"""The component `DeploymentLog`."""

from __future__ import annotations

import pulumi

from components.deployment_log import DeploymentLog, DeploymentLogArgs
from components.enabled_apis import EnabledApis, EnabledApisArgs
from tests.components.conftest import Declare
from tests.components.inputs import assert_inputs_are_inputs

ARGS = DeploymentLogArgs(project="shop-1234", log_name="shop-deployments", retention_days=730)


def declare_log(args: DeploymentLogArgs = ARGS) -> DeploymentLog:
    """The component alone."""
    return DeploymentLog("log", args)


def test_the_bucket_keeps_the_entries_for_questions_in_sql(declare: Declare) -> None:
    """For as long as the arguments say."""
    assert declare(declare_log).inputs("log-bucket") == {
        "project": "shop-1234",
        "location": "global",
        "bucketId": "shop-deployments",
        "description": "Every deployment and rollback, for questions that go back further than the metrics",
        "retentionDays": 730,
        "enableAnalytics": True,
    }


def test_the_sink_copies_the_entries_of_the_one_log_into_the_bucket(declare: Declare) -> None:
    """The bucket's own id is the destination."""
    assert declare(declare_log).inputs("log-sink") == {
        "project": "shop-1234",
        "name": "shop-deployments",
        "description": "Deployments and rollbacks into their own bucket",
        "destination": "logging.googleapis.com/<log-bucket.id>",
        "filter": 'logName="projects/shop-1234/logs/shop-deployments"',
        "uniqueWriterIdentity": True,
    }


def test_its_output_is_the_id_of_the_bucket(declare: Declare) -> None:
    """In Google's form, with project and location."""
    assert declare(declare_log).outputs_of("log") == {"bucket_id": "<log-bucket.id>"}


def test_both_wait_for_what_the_component_depends_on(declare: Declare) -> None:
    """The API has to be enabled first; the sink waits for its bucket too."""

    def program() -> None:
        apis = EnabledApis("apis", EnabledApisArgs(project="shop-1234", apis=["logging.googleapis.com"]))
        DeploymentLog("log", ARGS, pulumi.ResourceOptions(depends_on=[apis]))

    declared = declare(program)
    assert declared.dependencies_of("log-bucket") == {"apis-logging"}
    assert declared.dependencies_of("log-sink") == {"apis-logging", "log-bucket"}


def test_two_fit_into_one_program(declare: Declare) -> None:
    """Their children have different names, because each begins with the name of its component."""
    declared = declare(lambda: [DeploymentLog("first", ARGS), DeploymentLog("second", ARGS)])
    assert {name: declared.parent_of(name) for name in declared.names if "-" in name} == {
        "first-bucket": "first",
        "first-sink": "first",
        "second-bucket": "second",
        "second-sink": "second",
    }


def test_every_input_may_be_an_output_unknown_or_secret(declare: Declare) -> None:
    """Project, name of the log and retention."""
    assert_inputs_are_inputs(declare, declare_log, ARGS)
