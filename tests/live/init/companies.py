"""Three made-up companies, as the answers that each of them gives; the options of a small one."""

from __future__ import annotations

from typing import Any

from readiness.live.init.answers import Answers, answers_from

# One stack, one service, no database, e-mail only.
ACME: dict[str, Any] = {
    "stacks": "live=acme-web-4711:123456789012",
    "region": "europe-west1",
    "github_owner": "acme",
    "repository": "acme-site",
    "visibility": "public",
    "services": ["acme-site"],
    "emails": ["ops@acme.dev"],
    "reviewers": ["ada:1001", "grace:1002"],
}
# Three stacks with a Google project each, a private repository on GitHub Team, Slack.
HARBOR: dict[str, Any] = {
    "stacks": ["dev=harbor-dev:1001", "test=harbor-test:2002", "live=harbor-live:3003"],
    "region": "europe-north1",
    "github_owner": "harbor",
    "repository": "harbor-app",
    "visibility": "private",
    "plan": "team",
    "services": ["harbor-api=backend:/healthz", "harbor-web=frontend"],
    "database": "harbor-db",
    "logs": ["harbor-api=go/json", "harbor-web=node/text"],
    "emails": ["ops@harbor.dev"],
    "slack_channel": "#harbor-alerts",
    "code_owners": ["@harbor/platform"],
}
# Two stacks in one project, migrations, image cleanup, Dependabot.
CARGO: dict[str, Any] = {
    "stacks": ["qa", "prod"],
    "project": "cargo-4711",
    "project_number": 55,
    "region": "us-east1",
    "github_owner": "cargo",
    "repository": "Cargo_App",
    "visibility": "internal",
    "plan": "enterprise",
    "services": ["api-{env}"],
    "database": "pg-{env}",
    "logs": "java/json",
    "emails": ["{env}@cargo.dev"],
    "reviewers": ["ada:1", "bob:2"],
    "images": ["api", "web"],
    "registry": "cargo",
    "adopt_registry": False,
    "migration_database": "cargo_{env}",
    "migration_user": "cargo",
    "migration_password_secret": "pw-{env}",
    "vpc_connector": "cargo-vpc",
    "dependabot": ["pip=/api", "docker=/api,/web"],
}
COMPANIES = {"acme": ACME, "harbor": HARBOR, "cargo": CARGO}
STACKS = {"acme": ["live"], "harbor": ["dev", "test", "live"], "cargo": ["qa", "prod"]}
# What `check` still says of a finished project: GitHub's plan does not have what it warns of.
WARNED = {"acme": 0, "harbor": 1, "cargo": 0}

# A company that gives what is required, and a database and images.
SHOP: dict[str, tuple[str, ...]] = {
    "project": ("shop-cloud",),
    "region": ("europe-west1",),
    "github_owner": ("shop",),
    "repository": ("shop-app",),
    "visibility": ("public",),
    "services": ("shop-api-{env}",),
    "database": ("shop-db-{env}",),
    "logs": ("node/json",),
    "emails": ("ops@shop.dev",),
    "images": ("api", "web"),
}


def given(**changed: str | tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The answers of the shop, some of them changed; an empty one is left out."""
    texts = {name: (text,) if isinstance(text, str) else text for name, text in changed.items()}
    return {name: text for name, text in (SHOP | texts).items() if text not in ((), ("",))}


def answers(**changed: str | tuple[str, ...]) -> Answers:
    """The same, in the form that files are made of."""
    return answers_from(given(**changed), package="readiness==0.1.0")
