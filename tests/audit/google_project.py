"""A Google Cloud project on the loopback interface, as the audit reads it; a test changes one thing of it."""

from __future__ import annotations

import base64
import copy
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

from readiness import clock
from readiness.alerts.security_alerts import SECURITY_ALERTS
from readiness.audit.live_project import LiveProject
from readiness.live.google_api import ENDPOINTS, Google
from readiness.settings.security_audit import DEFAULT_AUDIT_LOGS
from readiness.times import instant_text
from tests.live.loopback import Loopback, Reply, Request, serving

PROJECT = "ytgrs-464303"
PLACE = f"projects/{PROJECT}/locations/us-central1"
REPOSITORY = "stellar-aiz/ai-resume-review-v2"
ACCOUNTS = ("arr-v2-backend-prod", "arr-v2-backend-staging")
ROLES = {
    "roles/cloudsql.client": ["cloudsql.instances.connect", "cloudsql.instances.get"],
    "roles/cloudsql.viewer": ["cloudsql.backupRuns.get", "cloudsql.backupRuns.list"],
    "roles/owner": ["cloudsql.backupRuns.get", "storage.buckets.get"],
    "roles/storage.objectViewer": ["storage.objects.get", "storage.objects.list"],
}


NO_POLICY: dict[str, Any] = {}


def text_of(*, days: float) -> str:
    """So many days ago, as Google writes it."""
    return instant_text(clock.now() - timedelta(days=days))


def account(name: str) -> str:
    """A service account of the project."""
    return f"{name}@{PROJECT}.iam.gserviceaccount.com"


def service(role: str, environment: str) -> dict[str, Any]:
    """A Cloud Run service of the customer, as the v2 API has it."""
    secrets = ("openai-api-key", "db-password") if role == "backend" else ()
    variables = [
        {
            "name": f"{secret.replace('-', '_').upper()}",
            "valueSource": {"secretKeyRef": {"secret": f"{secret}-{environment}", "version": "latest"}},
        }
        for secret in secrets
    ]
    return {
        "name": f"{PLACE}/services/ai-resume-review-v2-{role}-{environment}",
        "ingress": "INGRESS_TRAFFIC_ALL",
        "template": {
            "serviceAccount": account(f"arr-v2-{role}-{environment}"),
            "vpcAccess": {"connector": f"{PLACE}/connectors/ai-resume-connector-v2", "egress": "PRIVATE_RANGES_ONLY"},
            "containers": [{"env": [{"name": "ENVIRONMENT", "value": environment}, *variables]}],
        },
    }


def _good_policy() -> dict[str, Any]:
    member = f"serviceAccount:{account('arr-v2-backend-prod')}"
    agent = "serviceAccount:service-1@gcp-sa-artifactregistry.iam.gserviceaccount.com"
    return {
        "bindings": [
            {"role": "roles/cloudsql.client", "members": [member]},
            {"role": "roles/artifactregistry.admin", "members": [agent]},
            {"role": "roles/owner", "members": ["user:founder@example.com"]},
        ],
        "auditConfigs": [
            {"service": log.service, "auditLogConfigs": [{"logType": log_type} for log_type in log.log_types]}
            for log in DEFAULT_AUDIT_LOGS
        ],
    }


def _good_database(name: str) -> dict[str, Any]:
    return {
        "name": name,
        "ipAddresses": [{"type": "PRIVATE", "ipAddress": "10.0.0.3"}],
        "settings": {
            "ipConfiguration": {"ipv4Enabled": False, "authorizedNetworks": [], "sslMode": "ENCRYPTED_ONLY"},
            "backupConfiguration": {"enabled": True, "pointInTimeRecoveryEnabled": True},
        },
    }


def _good_activities() -> list[dict[str, Any]]:
    return [
        {
            "fullResourceName": f"//iam.googleapis.com/projects/{PROJECT}/serviceAccounts/{account(name)}",
            "activity": {"lastAuthenticatedTime": text_of(days=3)},
        }
        for name in ACCOUNTS
    ]


def _good_metrics() -> list[dict[str, Any]]:
    return [{"name": alert.metric.name, "filter": alert.filter} for alert in SECURITY_ALERTS]


def _good_alert_policies() -> list[dict[str, Any]]:
    return [
        {
            "enabled": True,
            "notificationChannels": [f"projects/{PROJECT}/notificationChannels/1"],
            "conditions": [{"conditionThreshold": {"filter": f'metric.type="{alert.metric.type}"'}}],
        }
        for alert in SECURITY_ALERTS
    ]


def read_of_secret(principal: str) -> dict[str, Any]:
    """An entry of the Data Access log."""
    method = "google.cloud.secretmanager.v1.SecretManagerService.AccessSecretVersion"
    return {"protoPayload": {"methodName": method, "authenticationInfo": {"principalEmail": principal}}}


def principal_of(entry: dict[str, Any]) -> str | None:
    """Who did what the entry is about."""
    found: str | None = entry["protoPayload"]["authenticationInfo"].get("principalEmail")
    return found


def line_of_service(text: str, name: str = "ai-resume-review-v2-backend-prod") -> dict[str, Any]:
    """An entry of a service's log."""
    resource = {"type": "cloud_run_revision", "labels": {"service_name": name}}
    return {"textPayload": text, "resource": resource}


def _good_providers() -> list[dict[str, Any]]:
    name = "projects/1/locations/global/workloadIdentityPools/github-actions/providers/github"
    return [{"name": name, "state": "ACTIVE", "attributeCondition": f"assertion.repository == '{REPOSITORY}'"}]


@dataclass
class GoogleProject:
    """Everything as it should be."""

    policy: dict[str, Any] = field(default_factory=_good_policy)
    services: list[dict[str, Any]] = field(
        default_factory=lambda: [
            service(role, environment) for environment in ("prod", "staging") for role in ("backend", "frontend")
        ]
    )
    connectors: list[dict[str, Any]] = field(
        default_factory=lambda: [{"name": f"{PLACE}/connectors/ai-resume-connector-v2", "state": "READY"}]
    )
    providers: list[dict[str, Any]] = field(default_factory=_good_providers)
    secrets: list[str] = field(
        default_factory=lambda: [
            f"{name}-{environment}" for environment in ("prod", "staging") for name in ("openai-api-key", "db-password")
        ]
    )
    secret_policies: dict[str, dict[str, Any]] = field(default_factory=dict)
    buckets: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"name": f"projects/{PROJECT}/locations/global/buckets/_Default", "retentionDays": 30},
            {"name": f"projects/{PROJECT}/locations/global/buckets/_Required", "retentionDays": 400},
        ]
    )
    invokers: dict[str, list[str]] = field(default_factory=dict)
    accounts: list[dict[str, Any]] = field(default_factory=lambda: [{"email": account(name)} for name in ACCOUNTS])
    activities: list[dict[str, Any]] = field(default_factory=_good_activities)
    keys: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    databases: list[dict[str, Any]] = field(
        default_factory=lambda: [_good_database(f"ai-resume-review-v2-db-{name}") for name in ("prod", "staging")]
    )
    firewalls: list[dict[str, Any]] = field(
        default_factory=lambda: [
            {"name": "health-checks", "sourceRanges": ["35.191.0.0/16"], "allowed": [{"IPProtocol": "tcp"}]},
        ]
    )
    firewall_policies: list[dict[str, Any]] = field(default_factory=list)
    storage: dict[str, dict[str, Any]] = field(
        default_factory=lambda: dict.fromkeys(("terraform-state", "db-exports"), NO_POLICY)
    )
    objects: dict[str, list[str]] = field(default_factory=dict)
    versions: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    values: dict[str, str] = field(default_factory=dict)
    metrics: list[dict[str, Any]] = field(default_factory=_good_metrics)
    alert_policies: list[dict[str, Any]] = field(default_factory=_good_alert_policies)
    reads: list[dict[str, Any]] = field(
        default_factory=lambda: [read_of_secret(account(name)) for name in ACCOUNTS for _ in range(2)]
    )
    lines: list[dict[str, Any]] = field(default_factory=lambda: [line_of_service("GET /health 200")])
    refused: dict[str, int] = field(default_factory=dict)
    instead: dict[str, Reply] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        """As Google's APIs do; what a test has `refused` by a part of its path gets that status."""
        path = urlsplit(request.path).path
        for part, status in self.refused.items():
            if part in path:
                return Reply(status, {"error": {"message": "refused"}}, {"Retry-After": "0"})
        for part, reply in self.instead.items():
            if part in path:
                return reply
        if path.endswith(":getIamPolicy"):
            return self._policy(request, path)
        if path.endswith("/entries:list"):
            return Reply(200, {"entries": self._entries(request.body)})
        if "/roles/" in path:
            name = f"roles/{path.rpartition('/')[2]}"
            return Reply(200, {"includedPermissions": ROLES.get(name, [])})
        if path.endswith("/iam"):
            return Reply(200, self.storage[path.split("/")[-2]])
        if path.endswith("/keys"):
            return Reply(200, {"keys": self.keys.get(path.split("/")[-2], [])})
        if path.endswith("/versions"):
            fresh = [{"createTime": text_of(days=10), "state": "ENABLED"}]
            return Reply(200, {"versions": self.versions.get(path.split("/")[-2], fresh)})
        if path.endswith("/versions/latest:access"):
            name = path.split("/")[-3]
            data = base64.b64encode(self.values.get(name, f"value of {name}").encode()).decode()
            return Reply(200, {"payload": {"data": data}})
        if path.endswith("/o"):
            return Reply(200, {"items": [{"name": name} for name in self.objects.get(path.split("/")[-2], [])]})
        listings = {
            "/serviceAccounts": {"accounts": self.accounts},
            "/activities:query": {"activities": self.activities},
            "/instances": {"items": self.databases},
            "/global/firewalls": {"items": self.firewalls},
            "/global/firewallPolicies": {"items": self.firewall_policies},
            "/b": {"items": [{"name": name} for name in self.storage]},
            "/metrics": {"metrics": self.metrics},
            "/alertPolicies": {"alertPolicies": self.alert_policies},
            "/services": {"services": self.services},
            "/connectors": {"connectors": self.connectors},
            "/secrets": {"secrets": [{"name": f"projects/1/secrets/{name}"} for name in self.secrets]},
            "/buckets": {"buckets": self.buckets},
            "/workloadIdentityPools": {
                "workloadIdentityPools": [{"name": "projects/1/locations/global/workloadIdentityPools/p"}]
            },
            "/providers": {"workloadIdentityPoolProviders": self.providers},
        }
        for end, body in listings.items():
            if path.endswith(end):
                return Reply(200, copy.deepcopy(body))
        return Reply(404, {"error": {"message": f"no such path: {path}"}})

    def _entries(self, question: Any) -> list[dict[str, Any]]:
        """What Logging finds, by a part of its language: a word in quotes, reads of secrets, lines of services."""
        text = question["filter"]
        if "AccessSecretVersion" in text:
            declared = re.findall(r'"([^"]+@[^"]+)"', text.partition(" AND NOT ")[2])
            newest = self.reads[: question["pageSize"]]
            reads = newest if not declared else [read for read in self.reads if principal_of(read) not in declared]
            return copy.deepcopy(reads)
        if text.startswith('"'):
            return [line for line in self.lines if text.strip('"') in str(line)]
        found = re.search(r'textPayload=~("(?:[^"\\]|\\.)*")', text)
        if found is None:
            return copy.deepcopy(self.lines)
        pattern = json.loads(found[1])
        return [line for line in self.lines if re.search(pattern, str(line.get("textPayload")))]

    def _policy(self, request: Request, path: str) -> Reply:
        name = path.removesuffix(":getIamPolicy").rpartition("/")[2]
        if "/services/" in path:
            members = self.invokers.get(name, ["allUsers"])
            return Reply(200, {"bindings": [{"role": "roles/run.invoker", "members": members}]})
        if "/secrets/" in path:
            return Reply(200, self.secret_policies.get(name, {}))
        assert request.method == "POST", "the project's policy is read by POST"
        return Reply(200, copy.deepcopy(self.policy))


@contextmanager
def live(project: GoogleProject) -> Iterator[tuple[LiveProject, Loopback]]:
    """The project as the checks read it, and what they ask."""
    with serving(project.answer) as server:
        endpoints = {api: f"{server.url}/{api}/v1/" for api in ENDPOINTS}
        google = Google(project=PROJECT, token="a-token", endpoints=endpoints)  # noqa: S106 - a test's
        yield LiveProject(google, region="us-central1"), server
