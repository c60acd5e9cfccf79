"""Google projects, a repository on GitHub and a state backend, as far as the script of `readiness bootstrap` uses them.

Stands behind gcloud, gh and pulumi (tests/documents/cloud_model.py), and refuses what the real ones refuse: creating
what exists, or what was deleted lately, granting on what does not exist, or to an account that does not. A PUT of an
environment without a body takes its protection away
(https://docs.github.com/en/rest/deployments/environments#create-or-update-an-environment).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.documents.cloud_model import RefusedCommandError, known_call

# What a call needs before it is answered, by the first word of its command.
_API_OF = {"kms": "cloudkms", "artifacts": "artifactregistry", "secrets": "secretmanager", "iam": "iam"}


@dataclass
class OwnersCloud:
    """What exists, each by its full name. `numbers` are the projects; `environments` say whether they are protected."""

    numbers: dict[str, str]
    repositories: dict[str, int]
    things: dict[str, dict[str, Any]] = field(default_factory=dict)
    bindings: set[tuple[str, str, str, str]] = field(default_factory=set)
    variables: dict[str, str] = field(default_factory=dict)
    secrets: set[str] = field(default_factory=set)
    environments: dict[str, bool] = field(default_factory=dict)
    stacks: dict[str, str] = field(default_factory=dict)
    login: str = ""
    created: list[str] = field(default_factory=list)
    # Ends the call with this number, as a connection that drops does.
    fails_at: int | None = None
    calls: int = 0

    @property
    def state(self) -> tuple[Any, ...]:
        """Everything that a call can change, to be compared."""
        parts = (self.things, self.variables, self.environments, self.stacks)
        sets = (self.bindings, self.secrets)
        return (*(repr(sorted(part.items())) for part in parts), *(sorted(part) for part in sets), self.login)

    def run(self, words: list[str], text: str) -> str:
        """What a call prints. Raises RefusedCommandError."""
        self.calls += 1
        if self.calls == self.fails_at:
            raise RefusedCommandError("connection reset by peer")
        command, plain, options = known_call(words)
        if words[0] == "gh":
            return self._gh(command, words[1 + len(command.split()) :], text)
        if words[0] == "pulumi":
            return self._pulumi(command, plain, words)
        return self._gcloud(command, plain, options)

    def _gcloud(self, command: str, names: list[str], options: dict[str, str]) -> str:
        group, _, action = command.rpartition(" ")
        project = names[0] if group == "projects" else options.get("--project", "")
        if group != "storage buckets" and project not in self.numbers:
            raise RefusedCommandError(f"project {project!r} not found or permission denied")
        if group == "services":
            for name in names:
                self.things.setdefault(f"{project}/services/{name}", {})
            return ""
        api = _API_OF.get(command.split()[0])
        if api is not None and f"{project}/services/{api}.googleapis.com" not in self.things:
            raise RefusedCommandError(f"API [{api}.googleapis.com] not enabled on project [{project}]")
        if group == "projects" and action != "add-iam-policy-binding":
            return self._project(action, project, options)
        name = _full_name(group, names[0] if names else "", project, options)
        if action == "add-iam-policy-binding":
            self._bind(name, options)
            return ""
        return self._thing(group, action, name, options)

    def _thing(self, group: str, action: str, name: str, options: dict[str, str]) -> str:
        """A thing that is listed, described, created, updated or brought back."""
        found = self.things.get(name)
        if action == "list":
            wanted = options["--filter"].removeprefix("name=")
            owned = self.things.get(f"buckets/{wanted}", {}).get("--project") == options["--project"]
            return f"{wanted}\n" if owned else ""
        if action in ("create", "create-oidc"):
            if found is not None:
                raise RefusedCommandError(f"ALREADY_EXISTS: {name}")
            parent = name.rpartition("/")[0].rpartition("/")[0]
            if group in ("kms keys", "iam workload-identity-pools providers") and parent not in self.things:
                raise RefusedCommandError(f"NOT_FOUND: {parent}")
            self.things[name] = {**options, "state": "ACTIVE"}
            self.created.append(name)
            return ""
        if found is None:
            raise RefusedCommandError(f"NOT_FOUND: {name}")
        if action == "undelete":
            if found["state"] != "DELETED":
                raise RefusedCommandError(f"{name} is not deleted")
            found["state"] = "ACTIVE"
        elif action in ("update", "update-oidc"):
            found |= options
        elif action != "describe":
            raise RefusedCommandError(f"the model has no gcloud {group} {action}")
        form = options.get("--format")
        answers = {"value(state)": found["state"], "value(deleted)": str(found["state"] == "DELETED"), None: name}
        return f"{answers[form]}\n"

    def _project(self, action: str, project: str, options: dict[str, str]) -> str:
        if action == "describe" and options["--format"] == "value(projectNumber)":
            return f"{self.numbers[project]}\n"
        if action == "get-iam-policy" and options["--format"] == "value(bindings.condition.expression)":
            asked = re.fullmatch(r"bindings\.role=(\S+) AND bindings\.members=(\S+)", options["--filter"])
            assert asked is not None
            found = [row[3] for row in sorted(self.bindings) if row[:3] == (f"projects/{project}", *asked.groups())]
            return "".join(f"{condition.partition(':expression=')[2]}\n" for condition in found)
        if action == "remove-iam-policy-binding" and "--all" in options:
            gone = (f"projects/{project}", options["--role"], options["--member"])
            self.bindings -= {row for row in self.bindings if row[:3] == gone}
            return ""
        raise RefusedCommandError(f"the model has no gcloud projects {action} {options}")

    def _bind(self, name: str, options: dict[str, str]) -> None:
        if not name.startswith("projects/") and name not in self.things:
            raise RefusedCommandError(f"NOT_FOUND: {name}")
        kind, _, member = options["--member"].partition(":")
        if kind == "serviceAccount" and f"accounts/{member}" not in self.things:
            raise RefusedCommandError(f"Service account {member} does not exist")
        role = options["--role"]
        if role.startswith("projects/") and self.things.get(role, {}).get("state") != "ACTIVE":
            raise RefusedCommandError(f"Role {role} does not exist")
        self.bindings.add((name, role, options["--member"], options.get("--condition", "None")))

    def _gh(self, command: str, arguments: list[str], text: str) -> str:
        if command in ("variable set", "secret set"):
            name, _, repository, *rest = arguments
            given = dict(zip(rest[::2], rest[1::2], strict=True))
            environment = given.get("--env", "")
            if repository not in self.repositories or (environment and environment not in self.environments):
                raise RefusedCommandError(f"HTTP 404: Not Found ({repository} {environment})")
            if command == "secret set":
                if not text:
                    raise RefusedCommandError("the secret has no value")
                self.secrets.add(f"{environment}/{name}")
            else:
                self.variables[f"{environment}/{name}"] = given["--body"]
            return ""
        path = next(word for word in arguments if word.startswith("repos/"))
        if asked := re.fullmatch(r"repos/[^/]+/[^/]+/(?:actions|environments/([^/]+))/(variables|secrets)/(\w+)", path):
            kept = self.variables if asked[2] == "variables" else self.secrets
            if f"{asked[1] or ''}/{asked[3]}" not in kept:
                raise RefusedCommandError("HTTP 404: Not Found")
            return "{}\n"
        repository, _, environment = path.removeprefix("repos/").partition("/environments/")
        if repository not in self.repositories:
            raise RefusedCommandError("HTTP 404: Not Found")
        if not environment:
            return f"{self.repositories[repository]}\n"
        if "-X" in arguments:
            # Whatever protected it is gone: the body is empty.
            self.environments[environment] = False
            self.created.append(f"environments/{environment}")
        elif environment not in self.environments:
            raise RefusedCommandError("HTTP 404: Not Found")
        return "{}\n"

    def _pulumi(self, command: str, names: list[str], words: list[str]) -> str:
        actions: dict[str, Callable[[], str]] = {
            "login": lambda: self._log_in(names[0]),
            "stack export": lambda: self._export(names[0]),
            "stack init": lambda: self._init(names[0], words[-1]),
        }
        return actions[command]()

    def _log_in(self, address: str) -> str:
        if address.replace("gs://", "buckets/") not in self.things:
            raise RefusedCommandError(f"unable to open bucket {address}")
        self.login = address
        return ""

    def _export(self, stack: str) -> str:
        if stack not in self.stacks:
            raise RefusedCommandError(f"no stack named '{stack}' found")
        return "{}\n"

    def _init(self, stack: str, option: str) -> str:
        key = option.removeprefix("--secrets-provider=gcpkms://")
        if stack in self.stacks or key not in self.things:
            raise RefusedCommandError(f"stack {stack} exists, or there is no key {key}")
        self.stacks[stack] = key
        self.created.append(f"stacks/{stack}")
        return ""


def _full_name(group: str, name: str, project: str, options: dict[str, str]) -> str:
    """The full name of a thing, under which it is kept."""
    location = f"projects/{project}/locations/{options.get('--location', '')}"
    pool = f"{location}/workloadIdentityPools/{options.get('--workload-identity-pool', name)}"
    ring = f"{location}/keyRings/{options.get('--keyring', name)}"
    names = {
        "storage buckets": f"buckets/{name.removeprefix('gs://')}",
        "kms keyrings": ring,
        "kms keys": f"{ring}/cryptoKeys/{name}",
        "iam workload-identity-pools": pool,
        "iam workload-identity-pools providers": f"{pool}/providers/{name}",
        "iam service-accounts": f"accounts/{name if '@' in name else f'{name}@{project}.iam.gserviceaccount.com'}",
        "iam roles": f"projects/{project}/roles/{name}",
        "artifacts repositories": f"{location}/repositories/{name}",
        "secrets": f"projects/{project}/secrets/{name}",
        "projects": f"projects/{name}",
    }
    return names[group]
