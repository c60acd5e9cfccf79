"""Secrets of the application's repository that its workflows read.

`SLACK_WEBHOOK_URL` is a secret of the repository and not of an environment, because `staging.yml` posts to it from a
job without an environment. Deliberately not managed here: secrets that nothing of ours stores, and Google credentials
(the workflows use none). GitHub never gives a secret back, so a value changed by hand is not seen as drift.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_github as github

from readiness.settings.from_engine import StoredSecret


@dataclass(frozen=True, kw_only=True, slots=True)
class RepositorySecretsArgs:
    """`repository` is the name without its owner, which is the provider's."""

    repository: str
    slack_webhook_url: StoredSecret


class RepositorySecrets(pulumi.ComponentResource):
    """One secret for each that the stack stores.

    The component's inputs hold a digest of each stored ciphertext, so that a rotation shows in a plan.
    """

    def __init__(self, name: str, args: RepositorySecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        stored = {"SLACK_WEBHOOK_URL": args.slack_webhook_url}
        digests = {key: secret.ciphertext_digest for key, secret in stored.items()}
        super().__init__("readiness:github:RepositorySecrets", name, {"ciphertextDigests": digests}, opts)
        self.secrets = {
            key: github.ActionsSecret(
                f"{name}-{key.lower().replace('_', '-')}",
                repository=args.repository,
                secret_name=key,
                value=secret.value,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for key, secret in stored.items()
        }
        self.register_outputs({"names": list(self.secrets)})
