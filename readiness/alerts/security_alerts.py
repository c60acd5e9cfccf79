"""The security alerts of the project: eight counters of audit log entries, and an alert on each.

They implement lines 2.5 to 2.12 of the CIS Google Cloud Platform Foundation Benchmark 5.0. Each filter is exactly the
text that Prowler 5.46.0 (revision 3e000faa31, `prowler/providers/gcp/services/logging`) and the benchmark look for in a
metric's filter. Prowler recognizes an alert only if a *threshold* condition names the metric, so these alerts are the
one exception to PromQL conditions (docs/adr/0001-alert-rules.md).

All entries are in the Admin Activity log, which is always on and costs nothing. They are about the project, not about
an environment, so the stack that owns the shared resources declares them.
"""

from __future__ import annotations

from dataclasses import dataclass

from readiness.alerts.commands import notification_text
from readiness.alerts.log_metric import LogMetric
from readiness.alerts.runbook_address import runbook_address
from readiness.alerts.severity import AlertSeverity
from readiness.settings.channels import TEAM, ChannelKind
from readiness.settings.model import Settings

# Counters are written once a minute. The first window that contains a change notifies.
WINDOW_SECONDS = 300


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityAlert:
    """One line of the benchmark. `resource_type` is the type of the counted entries, and so of the counter's series."""

    name: str
    title: str
    cis: str
    prowler_check: str
    filter: str
    resource_type: str
    severity: AlertSeverity
    channel_kinds: frozenset[ChannelKind]
    meaning: str
    mitigation: tuple[str, ...]

    @property
    def slug(self) -> str:
        """The title as it is in resource names and labels: `project-ownership-change`."""
        return self.title.lower().replace(" ", "-")

    @property
    def metric(self) -> LogMetric:
        """Its counter. The name contains no environment, because the counter belongs to the project."""
        return LogMetric(
            slug=self.slug,
            name=f"readiness_security_{self.slug.replace('-', '_')}",
            description=f"CIS {self.cis}: {self.title.lower()}s in the project",
            filter=self.filter,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class SecurityRule:
    """An alert as a stack declares it."""

    alert: SecurityAlert
    display_name: str
    documentation_subject: str
    documentation: str
    runbook_url: str
    condition: str
    condition_filter: str
    window_seconds: int


def _check(suffix: str) -> str:
    return f"logging_log_metric_filter_and_alert_for_{suffix}_enabled"


SECURITY_ALERTS: tuple[SecurityAlert, ...] = (
    SecurityAlert(
        name="ProjectOwnershipChange",
        title="Project ownership change",
        cis="2.5",
        prowler_check=_check("project_ownership_changes"),
        filter=(
            '(protoPayload.serviceName="cloudresourcemanager.googleapis.com") AND (ProjectOwnership OR '
            'projectOwnerInvitee) OR (protoPayload.serviceData.policyDelta.bindingDeltas.action="REMOVE" AND '
            'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner") OR '
            '(protoPayload.serviceData.policyDelta.bindingDeltas.action="ADD" AND '
            'protoPayload.serviceData.policyDelta.bindingDeltas.role="roles/owner")'
        ),
        resource_type="project",
        severity="ERROR",
        channel_kinds=TEAM,
        meaning="Somebody became an owner of the project, or is no longer one. An owner may do everything in it.",
        mitigation=(
            "Remove the role from a member who should not have it, MEMBER: `gcloud projects "
            "remove-iam-policy-binding $project --member=MEMBER --role=roles/owner`.",
            "Give the role back to a member who should have it: `gcloud projects add-iam-policy-binding $project "
            "--member=MEMBER --role=roles/owner`.",
        ),
    ),
    SecurityAlert(
        name="AuditConfigurationChange",
        title="Audit configuration change",
        cis="2.6",
        prowler_check=_check("audit_configuration_changes"),
        filter='protoPayload.methodName="SetIamPolicy" AND protoPayload.serviceData.policyDelta.auditConfigDeltas:*',
        resource_type="project",
        severity="ERROR",
        channel_kinds=TEAM,
        meaning=(
            "Somebody changed what the project's audit logs record. An attacker who wants to hide later actions starts "
            "with this."
        ),
        mitigation=(
            "Restore the audit configuration. Save the policy, correct `auditConfigs` in the file as the "
            "entry's `auditConfigDeltas` show, and set it: `gcloud projects get-iam-policy $project "
            "--format=yaml > policy.yaml` and `gcloud projects set-iam-policy $project policy.yaml`.",
        ),
    ),
    SecurityAlert(
        name="CustomRoleChange",
        title="Custom role change",
        cis="2.7",
        prowler_check=_check("custom_role_changes"),
        filter=(
            'resource.type="iam_role" AND (protoPayload.methodName="google.iam.admin.v1.CreateRole" OR '
            'protoPayload.methodName="google.iam.admin.v1.DeleteRole" OR '
            'protoPayload.methodName="google.iam.admin.v1.UpdateRole")'
        ),
        resource_type="iam_role",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody created, changed or deleted a custom role. Its members may have other permissions now.",
        mitigation=(
            "Look at the role, ROLE, and remove a permission that it should not have: `gcloud iam roles describe "
            "ROLE --project=$project` and `gcloud iam roles update ROLE --project=$project "
            "--remove-permissions=PERMISSION`.",
            "Restore a deleted role, which works for seven days: `gcloud iam roles undelete ROLE --project=$project`.",
        ),
    ),
    SecurityAlert(
        name="FirewallRuleChange",
        title="Firewall rule change",
        cis="2.8",
        prowler_check=_check("vpc_firewall_rule_changes"),
        filter=(
            'resource.type="gce_firewall_rule" AND (protoPayload.methodName:"compute.firewalls.patch" OR '
            'protoPayload.methodName:"compute.firewalls.insert" OR protoPayload.methodName:"compute.firewalls.delete")'
        ),
        resource_type="gce_firewall_rule",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody added, changed or deleted a firewall rule. More sources may now reach the network.",
        mitigation=(
            "Look at the rule, RULE, and switch it off: `gcloud compute firewall-rules describe RULE "
            "--project=$project` and `gcloud compute firewall-rules update RULE --project=$project --disabled`.",
            "If a rule is missing, compare with what is declared, and apply the declaration again: `gcloud compute "
            "firewall-rules list --project=$project`.",
        ),
    ),
    SecurityAlert(
        name="NetworkRouteChange",
        title="Network route change",
        cis="2.9",
        prowler_check=_check("vpc_network_route_changes"),
        filter=(
            'resource.type="gce_route" AND (protoPayload.methodName:"compute.routes.delete" OR '
            'protoPayload.methodName:"compute.routes.insert")'
        ),
        resource_type="gce_route",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody added or deleted a route. Traffic may leave the network by another path.",
        mitigation=(
            "Look at the routes, and delete the one that is not declared, ROUTE: `gcloud compute routes list "
            "--project=$project` and `gcloud compute routes delete ROUTE --project=$project`.",
            "If a route is missing, compare with what is declared, and apply the declaration again: `gcloud compute "
            "routes list --project=$project`.",
        ),
    ),
    SecurityAlert(
        name="NetworkChange",
        title="Network change",
        cis="2.10",
        prowler_check=_check("vpc_network_changes"),
        filter=(
            'resource.type="gce_network" AND (protoPayload.methodName:"compute.networks.insert" OR '
            'protoPayload.methodName:"compute.networks.patch" OR protoPayload.methodName:"compute.networks.delete" OR '
            'protoPayload.methodName:"compute.networks.removePeering" OR '
            'protoPayload.methodName:"compute.networks.addPeering")'
        ),
        resource_type="gce_network",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody created, changed or deleted a network or a peering. The database is reached through one.",
        mitigation=(
            "Look at the networks and their peerings, and remove the peering that is not declared: `gcloud "
            "compute networks list --project=$project`, `gcloud compute networks peerings list "
            "--project=$project` and `gcloud compute networks peerings delete PEERING --network=NETWORK "
            "--project=$project`.",
            "If a network or a peering is missing, the database may be unreachable. Check the services, and apply the "
            "declaration again: `readiness verify $stack`.",
        ),
    ),
    SecurityAlert(
        name="BucketPermissionChange",
        title="Bucket permission change",
        cis="2.11",
        prowler_check=_check("bucket_permission_changes"),
        filter='resource.type="gcs_bucket" AND protoPayload.methodName="storage.setIamPermissions"',
        resource_type="gcs_bucket",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody changed who may read or write a bucket. One bucket contains the state of the infrastructure.",
        mitigation=(
            "Look at the policy of the bucket, BUCKET, and remove each binding that is not declared: `gcloud storage "
            "buckets get-iam-policy gs://BUCKET` and `gcloud storage buckets remove-iam-policy-binding "
            "gs://BUCKET --member=MEMBER --role=ROLE`.",
        ),
    ),
    SecurityAlert(
        name="SqlInstanceChange",
        title="SQL instance change",
        cis="2.12",
        prowler_check=_check("sql_instance_configuration_changes"),
        filter='protoPayload.methodName="cloudsql.instances.update"',
        resource_type="cloudsql_database",
        severity="WARNING",
        channel_kinds=TEAM,
        meaning="Somebody changed a Cloud SQL instance: its address, flags, backups or who may connect.",
        mitigation=(
            "Look at the instance, SQL_INSTANCE, and compare it with what is declared: `gcloud sql instances "
            "describe SQL_INSTANCE --project=$project` and `gcloud sql operations list --instance=SQL_INSTANCE "
            "--project=$project --limit=10`.",
            "If somebody added an authorized network, remove all of them: `gcloud sql instances "
            "patch SQL_INSTANCE --project=$project --clear-authorized-networks`.",
        ),
    ),
)

FIRST_STEPS = (
    "Read in the audit log who changed what, from which address: `gcloud logging read $counted --project=$project "
    "--freshness=1h --limit=5 "
    '--format="yaml(timestamp, protoPayload.authenticationInfo.principalEmail, '
    "protoPayload.requestMetadata.callerIp, protoPayload.methodName, protoPayload.resourceName, "
    'protoPayload.request, protoPayload.serviceData)"`.',
    "Ask the person or the team that the entry names. Was it an update by Pulumi, by Terraform, or by a person?",
    "If nobody can explain it, first remove the account's access, then undo the change, then escalate.",
)
# Comes before the other measures, which undo the change.
REMOVE_ACCESS = (
    "If nobody can explain the change, remove the access of the account that made it, ACCOUNT. The first command "
    "shows its roles: `gcloud projects get-iam-policy $project --flatten=bindings --filter=bindings.members:ACCOUNT "
    '--format="value(bindings.role, bindings.members)"` and `gcloud projects remove-iam-policy-binding $project '
    "--member=MEMBER --role=ROLE`.",
    "If it is a service account, also disable it: `gcloud iam service-accounts disable ACCOUNT --project=$project`.",
)
CAUSES = ("An update by Pulumi or Terraform", "A person in the console", "A stolen credential")


def security_rules(settings: Settings) -> tuple[SecurityRule, ...]:
    """The rules of a stack. Empty if it does not own the shared resources, or has switched the alerts off."""
    wanted = settings.security_alerts
    if not settings.owns_shared_resources or wanted is None or not wanted.enabled:
        return ()
    return tuple(_rule(alert, settings) for alert in SECURITY_ALERTS)


def _rule(alert: SecurityAlert, settings: Settings) -> SecurityRule:
    runbook_url = runbook_address(alert.name, settings)
    condition = f"{alert.title}: at least 1 in {WINDOW_SECONDS // 60} min (CIS {alert.cis})"
    return SecurityRule(
        alert=alert,
        display_name=f"{alert.title} (project)",
        documentation_subject=f"[{settings.project}] {alert.title}",
        documentation=_documentation(condition, runbook_url, settings),
        runbook_url=runbook_url,
        condition=condition,
        condition_filter=(
            f'metric.type="logging.googleapis.com/user/{alert.metric.name}" AND resource.type="{alert.resource_type}"'
        ),
        window_seconds=WINDOW_SECONDS,
    )


def _documentation(condition: str, runbook_url: str, settings: Settings) -> str:
    """A threshold condition has no variable for its value, so the text names the smallest one."""
    return notification_text(
        FIRST_STEPS[0],
        runbook_url=runbook_url,
        value="one change or more",
        threshold=condition,
        subject=f"the project {settings.project}",
        console_url=f"https://console.cloud.google.com/home/activity?project={settings.project}",
    )
