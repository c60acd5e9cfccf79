"""The commands that set up what CI needs before it can apply: state, key, and two keyless identities.

Printed to be read and run by a person with the rights for it, never run by the program: it could not be more careful
with an owner's rights than by not having them.

Trust is bound to the ref and to numeric ids (`repository_id`, `repository_owner_id`): a repository created again under
the same name has others. `sub` has two forms (docs/facts/github.md#the-subject-of-an-oidc-token) and is not parsed.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readiness.finding import Finding, RefusedError
from readiness.live.bootstrap_rights import IAM_ADMIN, Needs
from readiness.settings.stack_files import stack_file_name

POOL = "readiness"
PROVIDER = "github"
KEY_RING = "readiness"
KEY = "state"
# The environment of the jobs that preview, and of the identity that only reads.
PREVIEW = "preview"
# That of the nightly drift, on main alone: reviewers of PREVIEW would keep it waiting.
DRIFT = "drift"
# A role of the project's own, for secrets: Google's narrowest that grants access to one reads all of them.
SECRET_ROLE = "readinessSecretGrants"  # noqa: S105 - a role's name

_BIND = "add-iam-policy-binding"


@dataclass(frozen=True, kw_only=True, slots=True)
class Bootstrap:
    """`repository` is the `OWNER/NAME` in which this program's workflows run, with GitHub's numeric ids of both.

    `environments` are those in which the stacks are applied, `owner_environments` those of the stacks that declare what
    exists once: the token that administers the application's repository belongs there.
    """

    project: str
    project_number: str
    region: str
    repository: str
    repository_id: int
    owner_id: int
    registry: str | None
    stacks: tuple[str, ...]
    environments: tuple[str, ...]
    owner_environments: tuple[str, ...]
    needs: Needs

    @property
    def bucket(self) -> str:
        """The state bucket."""
        return f"{self.project}-readiness-state"

    @property
    def in_project(self) -> str:
        """The option that names the project."""
        return f"--project={self.project}"

    @property
    def in_region(self) -> str:
        """The option that names the region."""
        return f"--location={self.region}"

    @property
    def pool(self) -> str:
        """The pool's full name, by number as tokens hold it."""
        return f"projects/{self.project_number}/locations/global/workloadIdentityPools/{POOL}"

    @property
    def key(self) -> str:
        """The key's full name."""
        return f"projects/{self.project}/locations/{self.region}/keyRings/{KEY_RING}/cryptoKeys/{KEY}"

    def account(self, identity: str) -> str:
        """The service account of `preview` or `apply`."""
        return f"readiness-{identity}@{self.project}.iam.gserviceaccount.com"


def refuse_reserved_environments(environments: Mapping[str, str]) -> None:
    """Raises RefusedError for a stack, by name, whose environment is that of the identity that only reads."""
    refused = [
        Finding(
            rule_id="bootstrap-reserved-environment",
            file=stack_file_name(stack),
            key="readiness:environment.name",
            message=f"is {environment}, an environment of the identity that only reads: it could then apply",
            hint="Give the stack's environment another name",
        )
        for stack, environment in environments.items()
        if environment in (PREVIEW, DRIFT)
    ]
    if refused:
        raise RefusedError(refused)


def bootstrap_script(wanted: Bootstrap) -> str:
    """A shell script, each step with what it is for. Running it twice fails at the first thing that exists."""
    steps = (_state, _pool, _identities, _repository, _stacks, _accounts)
    return "\n".join([_HEADER, *(line for step in steps for line in step(wanted))]) + "\n"


_HEADER = """\
#!/usr/bin/env bash
# Read this, then run it as an owner of the project and an administrator of the repository. Nothing ran it for you.
# It stops at the first step that fails; a thing that exists already is such a failure: leave its line out.
set -euo pipefail
"""


def _command(fixed: str, *words: str) -> str:
    """One command: words that need no quotes, then others."""
    return shlex.join([*fixed.split(), *words])


def _state(wanted: Bootstrap) -> Iterator[str]:
    bucket, place = f"gs://{wanted.bucket}", (wanted.in_project, wanted.in_region)
    yield "# 1. State: a bucket that keeps old versions, and the key that encrypts the secrets in it."
    names = [f"{api}.googleapis.com" for api in ("cloudkms", "iam", "iamcredentials", "sts", "serviceusage")]
    yield _command("gcloud services enable", *names, wanted.in_project)
    private = ("--uniform-bucket-level-access", "--public-access-prevention")
    yield _command("gcloud storage buckets create", bucket, *place, *private)
    yield _command("gcloud storage buckets update", bucket, "--versioning")
    yield _command("gcloud kms keyrings create", KEY_RING, *place)
    rotated = ("--purpose=encryption", "--rotation-period=90d", "--next-rotation-time=+p90d")
    yield _command("gcloud kms keys create", KEY, f"--keyring={KEY_RING}", *place, *rotated)
    yield ""


def _pool(wanted: Bootstrap) -> Iterator[str]:
    where = (wanted.in_project, "--location=global")
    # `apply` only for main in the stacks' environments; every other run of the repository may at most preview.
    protected = " || ".join(f"assertion.environment == '{environment}'" for environment in wanted.environments)
    identity = (
        f"(assertion.ref == 'refs/heads/main' && 'environment' in assertion && ({protected})) ? 'apply' : "
        f"('environment' in assertion && (assertion.environment == '{PREVIEW}' || "
        f"(assertion.environment == '{DRIFT}' && assertion.ref == 'refs/heads/main'))) ? 'preview' : 'none'"
    )
    mapping = (
        f"google.subject=assertion.sub,attribute.repository_id=assertion.repository_id,attribute.identity={identity}"
    )
    condition = (
        f"assertion.repository_id == '{wanted.repository_id}' && assertion.repository_owner_id == '{wanted.owner_id}'"
    )
    trust = (
        f"--workload-identity-pool={POOL}",
        "--issuer-uri=https://token.actions.githubusercontent.com",
        f"--attribute-mapping={mapping}",
        f"--attribute-condition={condition}",
    )
    yield "# 2. Who is trusted: workflows of this one repository, by its number. No key is ever made."
    yield _command("gcloud iam workload-identity-pools create", POOL, *where)
    yield _command("gcloud iam workload-identity-pools providers create-oidc", PROVIDER, *where, *trust)
    yield ""


def _identities(wanted: Bootstrap) -> Iterator[str]:
    rights = {
        "preview": (wanted.needs.preview_roles, "roles/storage.objectViewer", "roles/cloudkms.cryptoKeyDecrypter"),
        "apply": (wanted.needs.apply_roles, "roles/storage.objectAdmin", "roles/cloudkms.cryptoKeyEncrypterDecrypter"),
    }
    yield "# 3. Two identities: one that reads, one that writes what the program declares."
    for identity, (roles, bucket_role, key_role) in rights.items():
        account, project = wanted.account(identity), wanted.in_project
        member = f"--member=serviceAccount:{account}"
        yield _command("gcloud iam service-accounts create", f"readiness-{identity}", project)
        for role in roles:
            condition = f"--condition={_limit(wanted) if role == IAM_ADMIN else 'None'}"
            yield _command(f"gcloud projects {_BIND}", wanted.project, member, f"--role={role}", condition)
        yield _command(f"gcloud storage buckets {_BIND}", f"gs://{wanted.bucket}", member, f"--role={bucket_role}")
        key = (KEY, f"--keyring={KEY_RING}", project, wanted.in_region)
        yield _command(f"gcloud kms keys {_BIND}", *key, member, f"--role={key_role}")
        if identity == "apply":
            yield from _on_single_things(wanted, member)
        trusted = f"--member=principalSet://iam.googleapis.com/{wanted.pool}/attribute.identity/{identity}"
        role = "--role=roles/iam.workloadIdentityUser"
        yield _command(f"gcloud iam service-accounts {_BIND}", account, project, role, trusted)
    yield ""


def _limit(wanted: Bootstrap) -> str:
    """Of the right to grant: the roles that the program declares, and no other, its own least of all."""
    roles = ", ".join(f"'{role}'" for role in wanted.needs.granted)
    expression = f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{roles}])"
    # gcloud splits at commas, and the expression holds some: `^:^` has it split at colons.
    return f"^:^title=declared-roles-only:expression={expression}"


def _on_single_things(wanted: Bootstrap, member: str) -> Iterator[str]:
    project = wanted.in_project
    if wanted.registry is not None:
        registry = (wanted.registry, project, wanted.in_region)
        yield _command(
            f"gcloud artifacts repositories {_BIND}", *registry, member, "--role=roles/artifactregistry.admin"
        )
    if wanted.needs.secrets:
        permissions = "--permissions=secretmanager.secrets.getIamPolicy,secretmanager.secrets.setIamPolicy"
        yield _command("gcloud iam roles create", SECRET_ROLE, project, "--title=Grant access to a secret", permissions)
    for secret in wanted.needs.secrets:
        role = f"--role=projects/{wanted.project}/roles/{SECRET_ROLE}"
        yield _command(f"gcloud secrets {_BIND}", secret, project, member, role)


def _repository(wanted: Bootstrap) -> Iterator[str]:
    in_repository = ("--repo", wanted.repository)
    environments, owners = _quoted(wanted.environments), _quoted(wanted.owner_environments)
    noun = "environment" if len(wanted.environments) == 1 else "environments"
    yield f"# 4. What the workflows read. Then protect the {noun} {environments} of this repository:"
    yield f"#    branch `main` only, reviewers for {owners}; and store MANAGEMENT_TOKEN in {owners} alone."
    for environment in (PREVIEW, DRIFT, *wanted.environments):
        yield _command("gh api -X PUT", f"repos/{wanted.repository}/environments/{environment}")
    variables = {
        "WORKLOAD_IDENTITY_PROVIDER": f"{wanted.pool}/providers/{PROVIDER}",
        "PULUMI_BACKEND_URL": f"gs://{wanted.bucket}",
        "PREVIEW_IDENTITY": wanted.account("preview"),
        "APPLY_IDENTITY": wanted.account("apply"),
    }
    for name, value in variables.items():
        yield _command("gh variable set", name, *in_repository, "--body", value)
    yield ""


def _quoted(names: tuple[str, ...]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _stacks(wanted: Bootstrap) -> Iterator[str]:
    yield "# 5. The stacks, with secrets under the key. This writes `secretsprovider` and `encryptedkey` into the stack"
    yield "#    files: commit them."
    yield _command("pulumi login", f"gs://{wanted.bucket}")
    for stack in wanted.stacks:
        yield _command("pulumi stack init", stack, f"--secrets-provider=gcpkms://{wanted.key}")
    yield ""


def _accounts(wanted: Bootstrap) -> Iterator[str]:
    if not wanted.needs.accounts:
        return
    yield "# 6. LATER, when you have applied each stack once yourself (`readiness adopt` and `readiness up STACK`): the"
    yield "#    accounts of the jobs exist only then, and whoever changes a job must be allowed to act as its account."
    for account in wanted.needs.accounts:
        email, role = f"{account}@{wanted.project}.iam.gserviceaccount.com", "--role=roles/iam.serviceAccountUser"
        member = f"--member=serviceAccount:{wanted.account('apply')}"
        yield f"# {_command(f'gcloud iam service-accounts {_BIND}', email, wanted.in_project, member, role)}"
