"""What exists once for all stacks of the project and the repository; the stack that owns it declares it.

Only wires, as `__main__.py` does, and only for the owner (`owns_shared_resources`).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.branch_ruleset import BranchRuleset, BranchRulesetArgs
from components.dependabot import Dependabot, DependabotArgs
from components.deployment_telemetry import ROLES as TELEMETRY_ROLES
from components.deployments import Deployments, DeploymentsArgs
from components.enabled_apis import REGISTRY_APIS, EnabledApis, EnabledApisArgs
from components.image_registry import ImageRegistry, ImageRegistryArgs
from components.image_workflows import ImageWorkflows, ImageWorkflowsArgs
from components.managed_files import ManagedFiles, ManagedFilesArgs
from components.notification_channels import NotificationChannels
from components.production_environment import ProductionEnvironment, ProductionEnvironmentArgs
from components.registry_audit import RegistryAudit, RegistryAuditArgs
from components.repository_secrets import RepositorySecrets, RepositorySecretsArgs
from components.security_alerts import SecurityAlerts, SecurityAlertsArgs
from readiness.alerting.security_alerts import security_rules
from readiness.delivery.watched import watched_deployments
from readiness.managed_files.image_files import ImagePlace
from readiness.managed_files.migration_files import migration_files
from readiness.settings.from_engine import StoredSecret
from readiness.settings.model import Settings


@dataclass(frozen=True, kw_only=True, slots=True)
class SharedResourcesArgs:
    """`slack_webhook_url` is None where the stack stores none; `apis`: what Monitoring and Logging need enabled."""

    settings: Settings
    apis: pulumi.Resource
    channels: NotificationChannels
    slack_webhook_url: StoredSecret | None


class SharedResources(pulumi.ComponentResource):
    """Registry, guarded environment and branch, repository secrets, Dependabot, each where its settings declare it."""

    def __init__(self, name: str, args: SharedResourcesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("readiness:project:SharedResources", name, None, opts)
        settings, inside = args.settings, pulumi.ResourceOptions(parent=self)
        repository = settings.repository.name
        self.scanning_state = self._images(args, inside)
        if settings.production_environment is not None:
            guard = ProductionEnvironmentArgs(repository=repository, environment=settings.production_environment)
            ProductionEnvironment("production-environment", guard, inside)
        if settings.branch_ruleset is not None:
            ruleset = BranchRulesetArgs(repository=repository, ruleset=settings.branch_ruleset)
            BranchRuleset("branch-ruleset", ruleset, inside)
        if args.slack_webhook_url is not None:
            secrets = RepositorySecretsArgs(repository=repository, slack_webhook_url=args.slack_webhook_url)
            RepositorySecrets("repository-secrets", secrets, inside)
        if settings.dependabot is not None:
            dependabot = DependabotArgs(
                owner=settings.github_owner,
                repository=repository,
                dependabot=settings.dependabot,
                managed_files=settings.managed_files,
            )
            Dependabot("dependabot", dependabot, inside)
        self.deployment_dashboard: pulumi.Output[str] | None = None
        telemetry = watched_deployments(settings)
        if telemetry is not None:
            deployments = DeploymentsArgs(settings=settings, telemetry=telemetry, apis=args.apis)
            self.deployment_dashboard = Deployments("deployments", deployments, inside).dashboard_url
        if settings.migration_job is not None:
            workflow = ManagedFilesArgs(
                repository=repository,
                managed_files=settings.managed_files,
                texts=migration_files(settings.migration_job, project=settings.project, region=settings.region),
            )
            ManagedFiles("migration-workflow", workflow, inside)
        self._watch(args, inside)
        self.register_outputs({})

    def _watch(self, args: SharedResourcesArgs, inside: pulumi.ResourceOptions) -> None:
        """The security alerts of the project."""
        settings, rules = args.settings, security_rules(args.settings)
        if rules:
            watched = SecurityAlertsArgs(
                project=settings.project,
                environment=settings.environment.name,
                rules=rules,
                auto_close_seconds=settings.alerts.auto_close_seconds,
                channels=args.channels,
                apis=args.apis,
            )
            SecurityAlerts("security-alerts", watched, inside)

    def _images(self, args: SharedResourcesArgs, inside: pulumi.ResourceOptions) -> pulumi.Output[str] | None:
        """The registry, who deletes from it, and what looks after its images. Returns what scanning is said to be."""
        settings = args.settings
        if settings.image_registry is None:
            return None
        apis = EnabledApis("registry-apis", EnabledApisArgs(project=settings.project, apis=REGISTRY_APIS), inside)
        declared = ImageRegistryArgs(
            project=settings.project, location=settings.region, registry=settings.image_registry, apis=apis
        )
        registry = ImageRegistry("images", declared, inside)
        RegistryAudit("registry-audit", RegistryAuditArgs(project=settings.project, apis=args.apis), inside)
        if settings.image_workflows is not None:
            place = ImagePlace(
                repository=f"{settings.github_owner}/{settings.repository.name}",
                default_branch=settings.managed_files.default_branch,
                project=settings.project,
                region=settings.region,
                registry=settings.image_registry.repository_id,
                environment=settings.environment.name,
                services=tuple(service.name for service in settings.services),
            )
            workflows = ImageWorkflowsArgs(
                place=place,
                workflows=settings.image_workflows,
                managed_files=settings.managed_files,
                registry=registry,
                apis=args.apis,
                registry_apis=apis,
                granted_elsewhere=_granted_to_telemetry(settings),
            )
            ImageWorkflows("image-workflows", workflows, inside)
        return registry.scanning_state


def _granted_to_telemetry(settings: Settings) -> frozenset[tuple[str, str]]:
    """`(account, role)` of each role that the deployment telemetry declares for its account."""
    telemetry = settings.deployment_telemetry
    if telemetry is None:
        return frozenset()
    return frozenset((telemetry.service_account, role) for role in TELEMETRY_ROLES.values())
