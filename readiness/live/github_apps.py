"""The two GitHub Apps whose tokens the workflows take for the application's repository, and how to get each.

There are two, because the key of an App gives all permissions of the App, and jobs of pull requests have the key of
the first. The permissions are those that the workflows ask create-github-app-token for; tests/live/test_github_apps.py
compares the two.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from readiness.settings.model import Settings

# What a job takes instead of the App that writes, as in earlier releases: a token of a person.
MANAGEMENT_TOKEN = "MANAGEMENT_TOKEN"  # noqa: S105 - the name of a secret
_READS = {"actions": "read", "administration": "read", "issues": "read", "secrets": "read"}
_WRITES = {"actions": "read", "administration": "write", "issues": "write", "secrets": "write"}
_COMMITS = {"contents": "write", "workflows": "write"}


@dataclass(frozen=True, kw_only=True, slots=True)
class GitHubApp:
    """An App of the account `owner`, to be installed on its repository `application` only.

    `environments` are those of the jobs that have its key; `purpose` says what its tokens may do.
    """

    prefix: str
    purpose: str
    owner: str
    application: str
    permissions: Mapping[str, str]
    environments: tuple[str, ...]

    @property
    def client_id(self) -> str:
        """The variable of the workflows' repository that has the App's client ID."""
        return f"{self.prefix}_APP_CLIENT_ID"

    @property
    def private_key(self) -> str:
        """The secret of each environment that has the App's private key."""
        return f"{self.prefix}_APP_PRIVATE_KEY"

    @property
    def address(self) -> str:
        """The page of GitHub that registers the App, with everything filled in.

        Source: https://docs.github.com/en/apps/sharing-github-apps/registering-a-github-app-using-url-parameters
        """
        values = {
            "name": f"{self.owner}-readiness-{self.prefix.lower()}",
            "url": f"https://github.com/{self.owner}/{self.application}",
            "public": "false",
            "webhook_active": "false",
            **self.permissions,
        }
        return f"https://github.com/organizations/{self.owner}/settings/apps/new?{urlencode(values)}"

    def set_client_id(self, repository: str) -> str:
        """The command that stores the client ID for the workflows of `repository`; words in capitals to fill in."""
        return shlex.join(
            ["gh", "variable", "set", self.client_id, "--repo", repository, "--body", "CLIENT_ID_OF_THE_APP"]
        )

    def set_private_key(self, repository: str, environment: str) -> str:
        """The command that stores the private key in an environment; the file is the one that GitHub downloads."""
        command = shlex.join(["gh", "secret", "set", self.private_key, "--repo", repository, "--env", environment])
        return f"{command} < PRIVATE_KEY_OF_THE_APP.pem"

    def steps(self, repository: str) -> list[str]:
        """How to get it: the page, then the commands."""
        return [
            self.address,
            self.set_client_id(repository),
            *(self.set_private_key(repository, environment) for environment in self.environments),
        ]


def github_apps(stacks: Mapping[str, Settings], *, reading: Sequence[str]) -> tuple[GitHubApp, ...]:
    """The Apps of the jobs in the environments that read, and in those of the stacks that own what exists once.

    Without such a stack, no job needs the second App.
    """
    owners = [settings for settings in stacks.values() if settings.owns_shared_resources]
    first = (owners or list(stacks.values()))[0]
    commits = any(settings.managed_files.delivery == "commit" for settings in owners)

    def app(prefix: str, purpose: str, permissions: Mapping[str, str], environments: Sequence[str]) -> GitHubApp:
        return GitHubApp(
            prefix=prefix,
            purpose=purpose,
            owner=first.github_owner,
            application=first.repository.name,
            permissions=permissions,
            environments=tuple(environments),
        )

    applying = sorted({settings.environment.name for settings in owners})
    reads = app("PREVIEW", "reads", _READS, reading)
    return (
        (reads, app("APPLY", "writes to", {**_WRITES, **(_COMMITS if commits else {})}, applying))
        if owners
        else (reads,)
    )
