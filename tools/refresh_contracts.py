"""Distils the published schemas of the APIs again into readiness/rules/schemas/, and prints what changed.

Needs pip and npm with their usual registries, and 50 MB of room in the temporary folder; nothing is installed.
`--check` writes nothing and exits with 1 when the committed files differ from what is published now.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tools.distil_discovery import distil_discovery
from tools.distil_openapi import distil_openapi

SCHEMAS = Path(__file__).resolve().parent.parent / "readiness" / "rules" / "schemas"
GOOGLE_PACKAGE = "google-api-python-client"
GITHUB_PACKAGE = "@octokit/openapi"

# Discovery documents and the bodies that we send to them.
GOOGLE_ROOTS = {
    "artifactregistry.v1": ("Binding", "Repository"),
    "cloudresourcemanager.v3": ("AuditConfig", "Binding"),
    "iam.v1": ("CreateServiceAccountRequest",),
    "logging.v2": ("LogBucket", "LogMetric", "LogSink"),
    "monitoring.v1": ("Dashboard",),
    "monitoring.v3": ("AlertPolicy", "NotificationChannel", "Service", "ServiceLevelObjective", "UptimeCheckConfig"),
    "run.v2": ("GoogleCloudRunV2Job",),
    "secretmanager.v1": ("Binding",),
}
_REPOSITORY = "/repos/{owner}/{repo}"
# Name of the body, method and path of the operation that takes it.
GITHUB_OPERATIONS = (
    ("contents", "put", f"{_REPOSITORY}/contents/{{path}}"),
    (
        "deployment-branch-policy",
        "post",
        f"{_REPOSITORY}/environments/{{environment_name}}/deployment-branch-policies",
    ),
    ("environment", "put", f"{_REPOSITORY}/environments/{{environment_name}}"),
    ("label", "post", f"{_REPOSITORY}/labels"),
    ("ruleset", "post", f"{_REPOSITORY}/rulesets"),
    ("secret", "put", f"{_REPOSITORY}/actions/secrets/{{secret_name}}"),
    ("variable", "post", f"{_REPOSITORY}/actions/variables"),
)


def main(arguments: list[str]) -> int:
    """Writes the files, or with `--check` compares them; prints a line for every schema that differs."""
    only_check = arguments == ["--check"]
    if arguments and not only_check:
        print("usage: python -m tools.refresh_contracts [--check]", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        published = {**_google(Path(folder)), **_github(Path(folder))}
    changes: list[str] = []
    for name, contract in sorted(published.items()):
        file = SCHEMAS / f"{name}.json"
        committed = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}
        changes += [f"{name}: {change}" for change in changes_between(committed, contract)]
        if not only_check:
            file.parent.mkdir(exist_ok=True)
            file.write_text(contract_text(contract), encoding="utf-8")
    print("\n".join(changes) if changes else "nothing changed")
    return 1 if only_check and changes else 0


def contract_text(contract: dict[str, Any]) -> str:
    """The text of the file, with one schema on each line, so that a diff names the changed schema."""
    header = json.dumps({"header": contract["header"]}, indent=1, ensure_ascii=False)[:-2]
    lines = [f"  {json.dumps(name)}: {json.dumps(schema, sort_keys=True, separators=(',', ':'))}"
             for name, schema in sorted(contract["$defs"].items())]  # fmt: skip
    return header + ',\n "$defs": {\n' + ",\n".join(lines) + "\n }\n}\n"


def changes_between(committed: dict[str, Any], published: dict[str, Any]) -> list[str]:
    """What a refresh changes, a line each: the source's revision, then every schema added, removed or changed.

    A new revision alone is no change: the documents are published weekly with the same schemas.
    """
    before, after = committed.get("$defs", {}), published["$defs"]
    lines = [f"{name} is new" for name in sorted(after.keys() - before.keys())]
    lines += [f"{name} is gone" for name in sorted(before.keys() - after.keys())]
    for name in sorted(after.keys() & before.keys()):
        if after[name] != before[name]:
            lines.append(f"{name} changed: {_changed_fields(before[name], after[name])}")
    revision = published["header"]["revision"]
    return [f"revision {committed['header']['revision']} -> {revision}", *lines] if lines and committed else lines


def _changed_fields(before: dict[str, Any], after: dict[str, Any]) -> str:
    old, new = before.get("properties", {}), after.get("properties", {})
    names = sorted(name for name in {*old, *new} if old.get(name) != new.get(name))
    return ", ".join(names) or "its own keywords"


def _google(folder: Path) -> dict[str, dict[str, Any]]:
    """The distilled discovery documents of the newest client library, by document."""
    _run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), GOOGLE_PACKAGE])
    (wheel,) = folder.glob("*.whl")
    version = wheel.name.split("-")[1]
    contracts = {}
    with zipfile.ZipFile(wheel) as archive:
        for name, roots in GOOGLE_ROOTS.items():
            document = json.loads(archive.read(f"googleapiclient/discovery_cache/documents/{name}.json"))
            source = f"{GOOGLE_PACKAGE} {version}, discovery document {name}"
            contracts[name] = _contract(
                source, document["revision"], "Apache-2.0", lambda d=document, r=roots: distil_discovery(d, r)
            )
    return contracts


def _github(folder: Path) -> dict[str, dict[str, Any]]:
    """The distilled OpenAPI description of GitHub's REST API."""
    _run(["npm", "pack", "--silent", "--pack-destination", str(folder), GITHUB_PACKAGE])
    (package,) = folder.glob("*.tgz")
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/generated/api.github.com.json")
        if member is None:
            raise FileNotFoundError(f"{GITHUB_PACKAGE} no longer holds the description of api.github.com")
        document = json.load(member)
    revision = document["info"]["version"]
    source = f"{GITHUB_PACKAGE} {revision}, api.github.com"
    return {"github": _contract(source, revision, "MIT", lambda: distil_openapi(document, GITHUB_OPERATIONS))}


def _contract(source: str, revision: str, licence: str, distil: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    what = "Names, types and enums only; python -m tools.refresh_contracts writes this file"
    return {"header": {"source": source, "revision": revision, "licence": licence, "what": what}, "$defs": distil()}


def _run(command: list[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
