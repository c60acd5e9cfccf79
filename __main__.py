"""The Pulumi program: reads the settings, declares the components and exports what other tools read.

It has no logic of its own. `moved_from` names the place where an earlier release declared a component, so that existing
stacks keep their resources.
"""

from __future__ import annotations

import pulumi

from components.alert_policies import AlertPolicies, AlertPoliciesArgs, AlertPolicyArgs
from components.enabled_apis import MONITORING_APIS, REGISTRY_APIS, EnabledApis, EnabledApisArgs
from components.log_metrics import LogMetricArgs, LogMetrics, LogMetricsArgs
from components.migration_job import MigrationJob, MigrationJobArgs
from components.notification_channels import (
    ExistingChannelArgs,
    NotificationChannelArgs,
    NotificationChannels,
    NotificationChannelsArgs,
)
from components.resource_options import moved_from
from components.service_levels import ServiceLevels, ServiceLevelsArgs
from components.uptime_checks import UptimeCheckArgs, UptimeChecks, UptimeChecksArgs
from readiness.alerts.catalogue import log_metrics_of
from readiness.alerts.rules import rule_group_name, rules_of
from readiness.program import load_settings, secret, stored_secret
from readiness.settings.channels import declared_channels
from readiness.settings.configuration_keys import SLACK_WEBHOOK_URL

settings = load_settings()
project, environment = settings.project, settings.environment.name

apis = EnabledApis("apis", EnabledApisArgs(project=project, apis=MONITORING_APIS))
after_apis = pulumi.ResourceOptions(depends_on=[apis])

channels = NotificationChannels(
    "channels",
    NotificationChannelsArgs(
        project=project,
        environment=environment,
        channels=[NotificationChannelArgs.of(channel, secret) for channel in declared_channels(settings.channels)],
        existing=[ExistingChannelArgs(kind=channel.kind, id=channel.id) for channel in settings.channels.existing],
    ),
    after_apis,
)

counters = LogMetrics(
    "log-metrics",
    LogMetricsArgs(project=project, metrics=[LogMetricArgs.of(metric) for metric in log_metrics_of(settings)]),
    after_apis,
)

rules = rules_of(settings)
alerts = AlertPolicies(
    "alerts",
    AlertPoliciesArgs(
        project=project,
        environment=environment,
        auto_close_seconds=settings.alerts.auto_close_seconds,
        policies=[
            AlertPolicyArgs.of(
                rule,
                rule_group=rule_group_name(settings),
                channel_ids=channels.ids_of(rule.channel_kinds),
                depends_on=[counters.metrics[metric.slug] for metric in rule.log_metrics],
            )
            for rule in rules
        ],
    ),
    after_apis,
)
pulumi.export("alert_policies", {rule.definition.name: alerts.policies[rule.definition.slug].id for rule in rules})
pulumi.export("runbook", settings.runbook.url)

UptimeChecks(
    "availability-uptime",
    UptimeChecksArgs(
        project=project,
        environment=environment,
        checks=[UptimeCheckArgs.of(service) for service in settings.services],
        period_seconds=settings.uptime_checks.period_seconds,
        timeout_seconds=settings.uptime_checks.timeout_seconds,
        regions=settings.uptime_checks.regions,
    ),
    moved_from("readiness:alerting:ServiceAvailability::availability", depends_on=[apis]),
)

ServiceLevels(
    "availability-objectives",
    ServiceLevelsArgs(
        project=project,
        environment=environment,
        services=[service.name for service in settings.services],
        goal_ratio=settings.availability.goal,
        period_days=settings.availability.period_days,
    ),
    moved_from("readiness:alerting:ServiceAvailability::availability", depends_on=[apis]),
)

if settings.migration_job is not None:
    MigrationJob(
        "migration-job",
        MigrationJobArgs(
            project=project,
            region=settings.region,
            environment=environment,
            job_name=settings.migration_job.name,
            account_id=settings.migration_job.account_id,
            instance=settings.required_database.instance,
            database=settings.migration_job.database,
            user=settings.migration_job.user,
            password_secret=settings.migration_job.password_secret,
            vpc_connector=settings.migration_job.vpc_connector,
            timeout_seconds=settings.migration_job.timeout_seconds,
        ),
    )

# Resources that exist once for all stacks of the project and the repository. Only the stack that owns them imports
# GitHub's SDK, which is slow to import.
if settings.owns_shared_resources:
    from components.access_logs import AccessLogArgs, AccessLogs, AccessLogsArgs
    from components.branch_ruleset import BranchRuleset, BranchRulesetArgs
    from components.dependabot import Dependabot, DependabotArgs, LabelArgs
    from components.deployment_dashboard import DeploymentDashboard, DeploymentDashboardArgs
    from components.deployment_log import DeploymentLog, DeploymentLogArgs
    from components.image_registry import ImageRegistry, ImageRegistryArgs
    from components.managed_files import ManagedFiles, ManagedFilesArgs
    from components.production_environment import ProductionEnvironment, ProductionEnvironmentArgs
    from components.registry_audit import RegistryAudit, RegistryAuditArgs
    from components.repository_secrets import RepositorySecretArgs, RepositorySecrets, RepositorySecretsArgs
    from components.role_grants import RegistryArgs, RoleGrantArgs, RoleGrants, RoleGrantsArgs
    from readiness.alerts.deployment_dashboard import dashboard_json
    from readiness.alerts.deployment_metrics import delivery_metrics
    from readiness.alerts.log_metric import DEPLOYMENT_LOG
    from readiness.alerts.registry_alerts import vulnerabilities
    from readiness.alerts.security_alerts import security_rules
    from readiness.alerts.watched_workflows import watched_deployments
    from readiness.delivered.application_files import application_files
    from readiness.delivered.dependabot import dependabot_labels
    from readiness.delivered.workflow_grants import workflow_grants
    from readiness.images.policies import declared_policies

    repository = settings.repository.name
    grants = workflow_grants(settings)
    shared = "readiness:project:SharedResources"
    in_shared = f"{shared}::shared"
    in_deployments = f"{shared}$readiness:delivery:Deployments::deployments"

    registry = settings.image_registry
    if registry is not None:
        registry_apis = EnabledApis(
            "registry-apis", EnabledApisArgs(project=project, apis=REGISTRY_APIS), moved_from(in_shared)
        )
        images = ImageRegistry(
            "images",
            ImageRegistryArgs(
                project=project,
                location=settings.region,
                repository_id=registry.repository_id,
                cleanup_policies=declared_policies(registry),
                cleanup_dry_run=registry.cleanup_dry_run,
                adopt=f"projects/{project}/locations/{settings.region}/repositories/{registry.repository_id}"
                if registry.adopt
                else None,
            ),
            moved_from(in_shared, depends_on=[registry_apis]),
        )
        pulumi.export("image_scanning_state", images.scanning_state)
        RegistryAudit(
            "registry-audit",
            RegistryAuditArgs(project=project, vulnerabilities=LogMetricArgs.of(vulnerabilities(project))),
            moved_from(in_shared, depends_on=[apis]),
        )
        if settings.image_workflows is not None:
            RoleGrants(
                "image-workflows",
                RoleGrantsArgs(
                    project=project,
                    grants=[
                        RoleGrantArgs(
                            key=grant.key,
                            role=grant.role,
                            member=grant.member,
                            registry=RegistryArgs(location=settings.region, repository=registry.repository_id)
                            if grant.on_registry
                            else None,
                            depends_on=[images, registry_apis] if grant.on_registry else [apis],
                        )
                        for grant in grants["image-workflows"]
                    ],
                ),
                moved_from(in_shared, former_type="readiness:registry:ImageWorkflows"),
            )

    if settings.production_environment is not None:
        ProductionEnvironment(
            "production-environment",
            ProductionEnvironmentArgs.of(settings.production_environment, repository=repository),
            moved_from(in_shared),
        )

    if settings.branch_ruleset is not None:
        BranchRuleset(
            "branch-ruleset",
            BranchRulesetArgs.of(settings.branch_ruleset, repository=repository),
            moved_from(in_shared),
        )

    webhook = stored_secret(SLACK_WEBHOOK_URL)
    if webhook is not None:
        RepositorySecrets(
            "repository-secrets",
            RepositorySecretsArgs(
                repository=repository,
                secrets={
                    "SLACK_WEBHOOK_URL": RepositorySecretArgs(
                        value=webhook.value, ciphertext_digest=webhook.ciphertext_digest
                    )
                },
            ),
            moved_from(in_shared),
        )

    if settings.dependabot is not None:
        Dependabot(
            "dependabot",
            DependabotArgs(
                repository=repository, labels=[LabelArgs.of(label) for label in dependabot_labels(settings.dependabot)]
            ),
            moved_from(in_shared),
        )

    former_parents = {
        "dependabot-files": f"{shared}$readiness:github:Dependabot::dependabot",
        "deployment-telemetry-files": f"{shared}$readiness:delivery:Deployments$readiness:delivery:DeploymentTelemetry"
        "::deployment-telemetry",
        "image-workflows-files": f"{shared}$readiness:registry:ImageWorkflows::image-workflows",
        "migration-workflow": in_shared,
    }
    for name, texts in application_files(settings).items():
        ManagedFiles(
            name,
            ManagedFilesArgs(
                repository=repository,
                branch=settings.managed_files.default_branch,
                delivery=settings.managed_files.delivery,
                files=texts,
            ),
            moved_from(former_parents[name]),
        )

    telemetry = watched_deployments(settings)
    if telemetry is not None:
        RoleGrants(
            "deployment-telemetry",
            RoleGrantsArgs(
                project=project,
                grants=[
                    RoleGrantArgs(key=grant.key, role=grant.role, member=grant.member)
                    for grant in grants["deployment-telemetry"]
                ],
            ),
            moved_from(in_deployments, former_type="readiness:delivery:DeploymentTelemetry", depends_on=[apis]),
        )
        DeploymentLog(
            "deployment-log",
            DeploymentLogArgs(project=project, log_name=DEPLOYMENT_LOG, retention_days=telemetry.log_retention_days),
            moved_from(in_deployments, depends_on=[apis]),
        )
        delivery = [
            LogMetrics(
                f"delivery-metrics-{watched.name}",
                LogMetricsArgs(
                    project=project,
                    metrics=[LogMetricArgs.of(metric) for metric in delivery_metrics(project, watched.name)],
                ),
                moved_from(in_deployments, former_type="readiness:delivery:DeliveryMetrics", depends_on=[apis]),
            )
            for watched in telemetry.environments
        ]
        dashboard = DeploymentDashboard(
            "deployment-dashboard",
            DeploymentDashboardArgs(
                project=project,
                dashboard_json=dashboard_json(settings, telemetry),
                viewers=telemetry.dashboard_viewers,
            ),
            moved_from(in_deployments, depends_on=[apis, *delivery]),
        )
        pulumi.export("deployment_dashboard", dashboard.url)

    if settings.security_audit is not None:
        AccessLogs(
            "access-logs",
            AccessLogsArgs(
                project=project,
                logs=[
                    AccessLogArgs(
                        key=log.service.removesuffix(".googleapis.com"), service=log.service, log_types=log.log_types
                    )
                    for log in settings.security_audit.audit_logs
                ],
                retention_days=settings.security_audit.log_retention_days,
            ),
            pulumi.ResourceOptions(depends_on=[apis]),
        )

    if rules_of_security := security_rules(settings):
        security_counters = LogMetrics(
            "security-alerts-metric",
            LogMetricsArgs(
                project=project, metrics=[LogMetricArgs.of(rule.alert.metric) for rule in rules_of_security]
            ),
            moved_from(f"{shared}$readiness:alerting:SecurityAlerts::security-alerts", depends_on=[apis]),
        )
        AlertPolicies(
            "security-alerts",
            AlertPoliciesArgs(
                project=project,
                environment=environment,
                auto_close_seconds=settings.alerts.auto_close_seconds,
                policies=[
                    AlertPolicyArgs.of_security(
                        rule,
                        channel_ids=channels.ids_of(rule.alert.channel_kinds),
                        depends_on=[security_counters.metrics[rule.alert.metric.slug]],
                    )
                    for rule in rules_of_security
                ],
            ),
            moved_from(in_shared, former_type="readiness:alerting:SecurityAlerts", depends_on=[apis]),
        )
