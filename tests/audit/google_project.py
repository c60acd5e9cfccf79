"""A Google Cloud project on the loopback interface, as the audit reads it; a test changes one thing of it."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from readiness.audit.live_project import LiveProject
from readiness.live.google_api import ENDPOINTS, Google
from tests.live.loopback import Loopback, Reply, Request, serving

PROJECT = "ytgrs-464303"
PLACE = f"projects/{PROJECT}/locations/us-central1"
REPOSITORY = "stellar-aiz/ai-resume-review-v2"


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
            {"service": "secretmanager.googleapis.com", "auditLogConfigs": [{"logType": "DATA_READ"}]},
        ],
    }


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
    refused: dict[str, int] = field(default_factory=dict)

    def answer(self, request: Request) -> Reply:
        """As Google's APIs do; what a test has `refused` by a part of its path gets that status."""
        path = urlsplit(request.path).path
        for part, status in self.refused.items():
            if part in path:
                return Reply(status, {"error": {"message": "refused"}}, {"Retry-After": "0"})
        if path.endswith(":getIamPolicy"):
            return self._policy(request, path)
        listings = {
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
