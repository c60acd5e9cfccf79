"""A Cloud Run job that migrates a Cloud SQL database, with its service account and that account's roles.

The job runs `python migrate.py upgrade`. The program only declares it; the deployment workflow sets its image by digest
and runs it (docs/migrations.md). Before the first deployment, the job has Google's sample image.

Not managed here: the image, and the value of the database password.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import cloudrunv2, projects, secretmanager, serviceaccount

from readiness.times import duration_text

from .arguments import check_arguments
from .enabled_apis import MIGRATION_APIS, EnabledApis, EnabledApisArgs
from .outputs import with_version
from .resource_options import child_options

# Google's sample image of a job. It uses no database.
FIRST_IMAGE = "us-docker.pkg.dev/cloudrun/container/job:latest"
SOCKETS = "/cloudsql"


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationJobArgs:
    """The job `job_name` connects as `user` to `database` in the Cloud SQL instance `instance`.

    `environment` is the value of the variable `ENVIRONMENT`. `account_id` is the id of the service account that is
    created for the job. `password_secret` is the secret's name in Secret Manager; the job reads the newest version.
    `vpc_connector` is the connector's name, needed if the instance has no public address. An execution is stopped after
    `timeout_seconds`.
    """

    project: pulumi.Input[str]
    region: pulumi.Input[str]
    environment: pulumi.Input[str]
    job_name: pulumi.Input[str]
    account_id: pulumi.Input[str]
    instance: pulumi.Input[str]
    database: pulumi.Input[str]
    user: pulumi.Input[str]
    password_secret: pulumi.Input[str]
    vpc_connector: pulumi.Input[str] | None = None
    timeout_seconds: int


class MigrationJob(pulumi.ComponentResource):
    """Declares the job and its account. `job_name`: the job's name. `account_email`: the account's address."""

    job_name: pulumi.Output[str]
    account_email: pulumi.Output[str]

    def __init__(self, name: str, args: MigrationJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        check_arguments(name, args, MigrationJobArgs)
        super().__init__("readiness:database:MigrationJob", name, None, opts)
        apis = EnabledApisArgs(project=args.project, apis=MIGRATION_APIS)
        self.apis = EnabledApis(f"{name}-apis", apis, child_options(self, opts))
        self.account = serviceaccount.Account(
            f"{name}-account",
            project=args.project,
            account_id=args.account_id,
            display_name=pulumi.Output.format("Database migrations ({0})", args.environment),
            opts=child_options(self, opts, depends_on=[self.apis]),
        )
        # Composed here, so that a plan shows who gets a role: the account's own output is unknown until it exists.
        self.account_email = pulumi.Output.format("{0}@{1}.iam.gserviceaccount.com", args.account_id, args.project)
        grants = self._grants(name, args, opts)
        self.job = cloudrunv2.Job(
            f"{name}-job",
            project=args.project,
            location=args.region,
            name=args.job_name,
            deletion_protection=True,
            template=cloudrunv2.JobTemplateArgs(template=_task(args, self.account_email)),
            opts=pulumi.ResourceOptions.merge(
                child_options(self, opts, depends_on=[self.apis, self.account, *grants]),
                pulumi.ResourceOptions(
                    # Without `protect`, a preview would show a deletion that `deletion_protection` then refuses.
                    protect=True,
                    # The workflow sets the image with gcloud, which also sets `client` and `clientVersion`.
                    ignore_changes=["template.template.containers[0].image", "client", "clientVersion"],
                ),
            ),
        )
        self.job_name = self.job.name
        self.register_outputs(with_version({"job_name": self.job_name, "account_email": self.account_email}))

    def _grants(
        self, name: str, args: MigrationJobArgs, opts: pulumi.ResourceOptions | None
    ) -> tuple[projects.IAMMember, secretmanager.SecretIamMember]:
        """The account may connect to this instance alone, and read this password alone."""
        member = pulumi.Output.concat("serviceAccount:", self.account_email)
        inside = child_options(self, opts, depends_on=[self.apis, self.account])
        sql_client = projects.IAMMember(
            f"{name}-sql-client",
            project=args.project,
            role="roles/cloudsql.client",
            member=member,
            condition=projects.IAMMemberConditionArgs(
                title=pulumi.Output.concat("only-", args.instance),
                description="Migrations reach the database of their own environment only.",
                expression=pulumi.Output.format(
                    'resource.name == "projects/{0}/instances/{1}"'
                    ' && resource.type == "sqladmin.googleapis.com/Instance"',
                    args.project,
                    args.instance,
                ),
            ),
            opts=inside,
        )
        password = secretmanager.SecretIamMember(
            f"{name}-password",
            project=args.project,
            secret_id=args.password_secret,
            role="roles/secretmanager.secretAccessor",
            member=member,
            opts=inside,
        )
        return sql_client, password


def _task(args: MigrationJobArgs, account_email: pulumi.Output[str]) -> cloudrunv2.JobTemplateTemplateArgs:
    connection = pulumi.Output.format("{0}:{1}:{2}", args.project, args.region, args.instance)
    return cloudrunv2.JobTemplateTemplateArgs(
        service_account=account_email,
        # The default of 3 would repeat a migration that failed halfway, before anyone has checked the schema.
        max_retries=0,
        timeout=duration_text(args.timeout_seconds),
        containers=[
            cloudrunv2.JobTemplateTemplateContainerArgs(
                image=FIRST_IMAGE,
                commands=["python", "migrate.py"],
                args=["upgrade"],
                envs=_variables(args, connection),
                volume_mounts=[
                    cloudrunv2.JobTemplateTemplateContainerVolumeMountArgs(name="cloudsql", mount_path=SOCKETS)
                ],
            )
        ],
        # The socket too reaches an instance without a public address only through the connector.
        vpc_access=_vpc_access(args),
        # Last, as the API returns the Cloud SQL volume: another order would show as a change in every plan.
        volumes=[
            cloudrunv2.JobTemplateTemplateVolumeArgs(
                name="cloudsql",
                cloud_sql_instance=cloudrunv2.JobTemplateTemplateVolumeCloudSqlInstanceArgs(instances=[connection]),
            )
        ],
    )


def _variables(
    args: MigrationJobArgs, connection: pulumi.Output[str]
) -> list[cloudrunv2.JobTemplateTemplateContainerEnvArgs]:
    """The environment variables, under the names that the application reads."""
    plain: dict[str, pulumi.Input[str]] = {
        "DB_HOST": pulumi.Output.concat(f"{SOCKETS}/", connection),
        "DB_NAME": args.database,
        "DB_USER": args.user,
        "ENVIRONMENT": args.environment,
    }
    reference = cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
        secret=args.password_secret, version="latest"
    )
    source = cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=reference)
    return [
        *(cloudrunv2.JobTemplateTemplateContainerEnvArgs(name=key, value=value) for key, value in plain.items()),
        cloudrunv2.JobTemplateTemplateContainerEnvArgs(name="DB_PASSWORD", value_source=source),
    ]


def _vpc_access(args: MigrationJobArgs) -> cloudrunv2.JobTemplateTemplateVpcAccessArgs | None:
    if args.vpc_connector is None:
        return None
    return cloudrunv2.JobTemplateTemplateVpcAccessArgs(
        connector=pulumi.Output.format(
            "projects/{0}/locations/{1}/connectors/{2}", args.project, args.region, args.vpc_connector
        ),
        egress="PRIVATE_RANGES_ONLY",
    )
