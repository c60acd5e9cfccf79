"""The component `DeploymentLog`."""

from __future__ import annotations

from components.deployment_log import DeploymentLog, DeploymentLogArgs
from tests.components.conftest import Declare

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


def test_the_sink_waits_for_its_bucket(declare: Declare) -> None:
    """Its destination is the bucket's id."""
    assert declare(declare_log).dependencies_of("log-sink") == {"log-bucket"}
