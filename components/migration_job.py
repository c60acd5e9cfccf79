"""The Cloud Run job that migrates a stack's database: its own account, what that may do, and the job.

Declaring it runs nothing: the deployment workflow does (docs/migrations.md). Until then it holds Google's sample image.
Deliberately not managed here: the image, which the workflow sets by digest before each run, and the password's value.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
from pulumi_gcp import cloudrunv2, projects, secretmanager, serviceaccount

from components.enabled_apis import MIGRATION_APIS, EnabledApis, EnabledApisArgs
from readiness.durations import duration_text
from readiness.settings.migration import MigrationJob as JobSettings
from readiness.settings.model import Settings

# Google's own sample of a job: it exists, and does nothing to a database.
FIRST_IMAGE = "us-docker.pkg.dev/cloudrun/container/job:latest"
SOCKETS = "/cloudsql"


@dataclass(frozen=True, kw_only=True, slots=True)
class MigrationJobArgs:
    """`job` is `settings.migration_job`, where the stack has one."""

    settings: Settings
    job: JobSettings


class MigrationJob(pulumi.ComponentResource):
    """The job and the account that it runs as."""

    def __init__(self, name: str, args: MigrationJobArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:database:MigrationJob", name, None, opts)
        settings, inside = args.settings, pulumi.ResourceOptions(parent=self)
        self.apis = EnabledApis(f"{name}-apis", EnabledApisArgs(project=settings.project, apis=MIGRATION_APIS), inside)
        self.account = serviceaccount.Account(
            f"{name}-account",
            project=args.settings.project,
            account_id=args.job.account_id,
            display_name=f"Database migrations ({settings.environment.name})",
            opts=pulumi.ResourceOptions(parent=self, depends_on=[self.apis]),
        )
        # Written out, so that a plan shows who is given what; the account's own output is unknown until it is made.
        email = f"{args.job.account_id}@{settings.project}.iam.gserviceaccount.com"
        grants = self._grants(name, email, args)
        self.job = cloudrunv2.Job(
            f"{name}-job",
            project=args.settings.project,
            location=args.settings.region,
            name=args.job.name,
            deletion_protection=True,
            template=cloudrunv2.JobTemplateArgs(template=_task(args, email)),
            opts=pulumi.ResourceOptions(
                parent=self,
                # Without it a preview would show a deletion that Google's provider then refuses in every apply.
                protect=True,
                depends_on=[self.apis, self.account, *grants],
                # The workflow sets the image by digest; gcloud writes its own name and version beside it.
                ignore_changes=["template.template.containers[0].image", "client", "clientVersion"],
            ),
        )
        self.register_outputs({"job": self.job.name})

    def _grants(self, name: str, email: str, args: MigrationJobArgs) -> list[pulumi.Resource]:
        """The account may open the one instance and read the one password."""
        member = f"serviceAccount:{email}"
        instance = f"projects/{args.settings.project}/instances/{args.settings.database.instance}"
        return [
            projects.IAMMember(
                f"{name}-sql-client",
                project=args.settings.project,
                role="roles/cloudsql.client",
                member=member,
                condition=projects.IAMMemberConditionArgs(
                    title=f"only-{args.settings.database.instance}",
                    description="Migrations reach the database of their own environment only.",
                    expression=(
                        f'resource.name == "{instance}" && resource.type == "sqladmin.googleapis.com/Instance"'
                    ),
                ),
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.apis, self.account]),
            ),
            secretmanager.SecretIamMember(
                f"{name}-password",
                project=args.settings.project,
                secret_id=args.job.password_secret,
                role="roles/secretmanager.secretAccessor",
                member=member,
                opts=pulumi.ResourceOptions(parent=self, depends_on=[self.apis, self.account]),
            ),
        ]


def _task(args: MigrationJobArgs, account: str) -> cloudrunv2.JobTemplateTemplateArgs:
    connection = f"{args.settings.project}:{args.settings.region}:{args.settings.database.instance}"
    return cloudrunv2.JobTemplateTemplateArgs(
        service_account=account,
        # The default of 3 would run a migration that failed half-way again, on a schema that nobody has looked at.
        max_retries=0,
        timeout=duration_text(args.job.timeout_seconds),
        containers=[
            cloudrunv2.JobTemplateTemplateContainerArgs(
                image=FIRST_IMAGE,
                commands=["python", "migrate.py"],
                args=["upgrade"],
                envs=_environment(args, connection),
                volume_mounts=[
                    cloudrunv2.JobTemplateTemplateContainerVolumeMountArgs(name="cloudsql", mount_path=SOCKETS)
                ],
            )
        ],
        # An instance without a public address is reached through the connector, by the socket too.
        vpc_access=_vpc_access(args),
        # Last: the API gives the Cloud SQL volume back after all others, and another order shows as a change for ever.
        volumes=[
            cloudrunv2.JobTemplateTemplateVolumeArgs(
                name="cloudsql",
                cloud_sql_instance=cloudrunv2.JobTemplateTemplateVolumeCloudSqlInstanceArgs(instances=[connection]),
            )
        ],
    )


def _environment(args: MigrationJobArgs, connection: str) -> list[cloudrunv2.JobTemplateTemplateContainerEnvArgs]:
    """The names that the application itself reads."""
    plain = {
        "DB_HOST": f"{SOCKETS}/{connection}",
        "DB_NAME": args.job.database,
        "DB_USER": args.job.user,
        "ENVIRONMENT": args.settings.environment.name,
    }
    key = cloudrunv2.JobTemplateTemplateContainerEnvValueSourceSecretKeyRefArgs(
        secret=args.job.password_secret, version="latest"
    )
    source = cloudrunv2.JobTemplateTemplateContainerEnvValueSourceArgs(secret_key_ref=key)
    return [
        *(cloudrunv2.JobTemplateTemplateContainerEnvArgs(name=key, value=value) for key, value in plain.items()),
        cloudrunv2.JobTemplateTemplateContainerEnvArgs(name="DB_PASSWORD", value_source=source),
    ]


def _vpc_access(args: MigrationJobArgs) -> cloudrunv2.JobTemplateTemplateVpcAccessArgs | None:
    if args.job.vpc_connector is None:
        return None
    return cloudrunv2.JobTemplateTemplateVpcAccessArgs(
        connector=f"projects/{args.settings.project}/locations/{args.settings.region}/connectors/{args.job.vpc_connector}",
        egress="PRIVATE_RANGES_ONLY",
    )
