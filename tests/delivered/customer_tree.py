"""Paths of the first customer's repository, at 0b6b26d, that Dependabot reads."""

from __future__ import annotations

FILES = (
    ".github/workflows/production.yml",
    ".github/workflows/staging.yml",
    "backend/Dockerfile",
    "backend/requirements.txt",
    "docker-compose.dev.yml",
    "frontend/Dockerfile",
    "frontend/Dockerfile.dev",
    "frontend/package.json",
    "terraform/bootstrap/main.tf",
    "terraform/environments/production/main.tf",
    "terraform/environments/staging/main.tf",
    "terraform/modules/gcp-environment/main.tf",
)
