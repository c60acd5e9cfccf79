"""The component `MigrationJob`."""

from __future__ import annotations

import dataclasses
from typing import Any

from components.migration_job import MigrationJob, MigrationJobArgs
from tests.components.conftest import Declare

ARGS = MigrationJobArgs(
    project="shop-1234",
    region="europe-west1",
    environment="production",
    job_name="shop-migrate",
    account_id="shop-migrate-prod",
    instance="shop-db",
    database="shop",
    user="owner",
    password_secret="db-password-prod",  # noqa: S106 - the secret's name
    vpc_connector="shop-connector",
    timeout_seconds=900,
)
EMAIL = "shop-migrate-prod@shop-1234.iam.gserviceaccount.com"
CONNECTION = "shop-1234:europe-west1:shop-db"
APIS = {f"migration-apis-{api}" for api in ("iam", "run", "secretmanager", "sqladmin")}


def declare_job(args: MigrationJobArgs = ARGS) -> MigrationJob:
    """The component alone."""
    return MigrationJob("migration", args)


def task_of(declare: Declare, args: MigrationJobArgs) -> dict[str, Any]:
    """What an execution runs."""
    return declare(lambda: declare_job(args)).inputs("migration-job")["template"]["template"]


def test_the_job_runs_the_migration_once_with_the_database_of_its_environment(declare: Declare) -> None:
    """A failed execution is not repeated, and the Cloud SQL volume is the last one."""
    assert declare(declare_job).inputs("migration-job") == {
        "project": "shop-1234",
        "location": "europe-west1",
        "name": "shop-migrate",
        "deletionProtection": True,
        "template": {
            "template": {
                "serviceAccount": EMAIL,
                "maxRetries": 0,
                "timeout": "900s",
                "containers": [
                    {
                        "image": "us-docker.pkg.dev/cloudrun/container/job:latest",
                        "commands": ["python", "migrate.py"],
                        "args": ["upgrade"],
                        "envs": [
                            {"name": "DB_HOST", "value": f"/cloudsql/{CONNECTION}"},
                            {"name": "DB_NAME", "value": "shop"},
                            {"name": "DB_USER", "value": "owner"},
                            {"name": "ENVIRONMENT", "value": "production"},
                            {
                                "name": "DB_PASSWORD",
                                "valueSource": {"secretKeyRef": {"secret": "db-password-prod", "version": "latest"}},
                            },
                        ],
                        "volumeMounts": [{"name": "cloudsql", "mountPath": "/cloudsql"}],
                    }
                ],
                "vpcAccess": {
                    "connector": "projects/shop-1234/locations/europe-west1/connectors/shop-connector",
                    "egress": "PRIVATE_RANGES_ONLY",
                },
                "volumes": [{"name": "cloudsql", "cloudSqlInstance": {"instances": [CONNECTION]}}],
            }
        },
    }


def test_without_a_connector_there_is_no_way_through_a_network(declare: Declare) -> None:
    """An instance with a public address needs none."""
    assert "vpcAccess" not in task_of(declare, dataclasses.replace(ARGS, vpc_connector=None))


def test_the_account_may_open_the_one_instance_and_read_the_one_password(declare: Declare) -> None:
    """A condition restricts the role to the instance."""
    declared = declare(declare_job)
    assert declared.inputs("migration-account") == {
        "project": "shop-1234",
        "accountId": "shop-migrate-prod",
        "displayName": "Database migrations (production)",
    }
    assert declared.inputs("migration-sql-client") == {
        "project": "shop-1234",
        "role": "roles/cloudsql.client",
        "member": f"serviceAccount:{EMAIL}",
        "condition": {
            "title": "only-shop-db",
            "description": "Migrations reach the database of their own environment only.",
            "expression": (
                'resource.name == "projects/shop-1234/instances/shop-db"'
                ' && resource.type == "sqladmin.googleapis.com/Instance"'
            ),
        },
    }
    assert declared.inputs("migration-password") == {
        "project": "shop-1234",
        "secretId": "db-password-prod",
        "role": "roles/secretmanager.secretAccessor",
        "member": f"serviceAccount:{EMAIL}",
    }


def test_the_job_is_protected_and_its_image_is_left_to_the_deployment(declare: Declare) -> None:
    """An apply would otherwise revert the image of the last deployment. Nothing else is protected."""
    declared = declare(declare_job)
    options = declared.named("migration-job")["options"]
    assert options["protect"] is True
    assert options["ignoreChanges"] == ["template.template.containers[0].image", "client", "clientVersion"]
    assert [name for name in declared.names if "protect" in declared.named(name)["options"]] == ["migration-job"]


def test_the_apis_are_enabled_first_and_the_job_comes_last(declare: Declare) -> None:
    """An execution without its grants would fail."""
    declared = declare(declare_job)
    assert declared.dependencies_of("migration-account") == APIS
    for grant in ("migration-sql-client", "migration-password"):
        assert declared.dependencies_of(grant) == {*APIS, "migration-account"}
    before_the_job = {*APIS, "migration-account", "migration-sql-client", "migration-password"}
    assert declared.dependencies_of("migration-job") == before_the_job
