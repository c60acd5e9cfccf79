"""Secrets of a GitHub repository that its workflows read.

They are secrets of the repository, not of an environment: a job without an environment can read them too. GitHub never
returns a value. The provider compares the time of the last change, and sets a value again that was changed elsewhere.

Not managed here: the repository's other secrets.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi
import pulumi_github as github

from .arguments import check_arguments, refuse_the_same_names
from .outputs import with_version
from .resource_options import child_options


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositorySecretArgs:
    """`value` is registered as a secret, even if it is plain text.

    `ciphertext_digest` is a digest of the encrypted value in the stack file. A plan shows it, so that a reviewer sees
    when the value changes.
    """

    value: pulumi.Input[str] = field(repr=False)
    ciphertext_digest: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositorySecretsArgs:
    """`repository` is the repository's name without the owner, which is set on the provider.

    The keys of `secrets` are the names in GitHub, such as `SLACK_WEBHOOK_URL`. They also end the resources' names.
    """

    repository: pulumi.Input[str]
    secrets: Mapping[str, RepositorySecretArgs]


class RepositorySecrets(pulumi.ComponentResource):
    """Declares one secret for each of the argument `secrets`. The component's own inputs are the digests.

    `names`: the names of the secrets, known once GitHub stores them. The attribute `secrets` has the resources by name.
    """

    names: pulumi.Output[Sequence[str]]

    def __init__(self, name: str, args: RepositorySecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        place = check_arguments(name, args, RepositorySecretsArgs).at(".secrets")
        refuse_the_same_names({key: _child_name(name, key) for key in args.secrets}, place)
        digests = {
            key: secret.ciphertext_digest
            for key, secret in args.secrets.items()
            if secret.ciphertext_digest is not None
        }
        super().__init__("readiness:github:RepositorySecrets", name, {"ciphertextDigests": digests}, opts)
        self.secrets = {
            key: github.ActionsSecret(
                _child_name(name, key),
                repository=args.repository,
                secret_name=key,
                # The provider's SDK registers plain text as a secret too.
                value=secret.value,
                opts=child_options(self, opts),
            )
            for key, secret in args.secrets.items()
        }
        self.names = pulumi.Output.all(*[secret.secret_name for secret in self.secrets.values()])
        self.register_outputs(with_version({"names": self.names}))


def _child_name(component: str, key: str) -> str:
    return f"{component}-{key.lower().replace('_', '-')}"
