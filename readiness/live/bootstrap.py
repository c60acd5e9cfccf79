"""The commands that set up what CI needs before it can apply: state, keys, and keyless identities.

Printed to be read and run by a person with the rights for it, never run by the program: it could not be more careful
with an owner's rights than by not having them.

Trust is bound to the ref and to numeric ids (`repository_id`, `repository_owner_id`): a repository created again under
the same name has others. `sub` has two forms (docs/facts/github.md#the-subject-of-an-oidc-token) and is not parsed.

The stacks may be in several Google projects. One of them, the home project, holds what exists once: the state bucket,
the pool and the identity that only reads. Each project has a key of its own and an identity that applies its stacks, so
that the identity of one project can neither change another nor decrypt its secrets.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from readiness.finding import Finding, RefusedError
from readiness.live.bootstrap_rights import IAM_ADMIN, Needs
from readiness.live.github_apps import MANAGEMENT_TOKEN, GitHubApp
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
# The repository variables that the workflows read, beside APPLY_IDENTITY, which an environment may have too.
APPLY_VARIABLE = "APPLY_IDENTITY"

_BIND = "add-iam-policy-binding"
# What the script itself calls, and what an identity needs to get a token.
_APIS = ("cloudkms", "cloudresourcemanager", "iam", "iamcredentials", "serviceusage", "sts")


def state_bucket(project: str) -> str:
    """The name of the state bucket that the script makes in a Google project."""
    return f"{project}-readiness-state"


def key_name(project: str, region: str) -> str:
    """The full name of the key that the script makes in a Google project."""
    return f"projects/{project}/locations/{region}/keyRings/{KEY_RING}/cryptoKeys/{KEY}"


@dataclass(frozen=True, kw_only=True, slots=True)
class StackPlace:
    """A stack, and the GitHub environment in which its job applies it.

    `owns_shared_resources`: it declares what exists once, and needs the token that administers the application's
    repository.
    """

    stack: str
    environment: str
    owns_shared_resources: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class GoogleProject:
    """A Google project with the stacks that are in it, their image registries, and what their plans need of Google."""

    project: str
    region: str
    stacks: tuple[StackPlace, ...]
    registries: tuple[str, ...]
    needs: Needs

    @property
    def in_project(self) -> str:
        """The option that names the project."""
        return f"--project={self.project}"

    @property
    def in_region(self) -> str:
        """The option that names the region."""
        return f"--location={self.region}"

    @property
    def apply_account(self) -> str:
        """The service account that applies the stacks of this project."""
        return f"readiness-apply@{self.project}.iam.gserviceaccount.com"

    @property
    def environments(self) -> tuple[str, ...]:
        """The environments of its stacks."""
        return tuple(stack.environment for stack in self.stacks)


@dataclass(frozen=True, kw_only=True, slots=True)
class Bootstrap:
    """`repository` is the `OWNER/NAME` in which this program's workflows run, with GitHub's numeric ids of both.

    The first of `projects` is the home project, `project_number` its number. `apps` make the tokens of the jobs.
    """

    project_number: str
    repository: str
    repository_id: int
    owner_id: int
    projects: tuple[GoogleProject, ...]
    apps: tuple[GitHubApp, ...]

    @property
    def home(self) -> GoogleProject:
        """The project that holds what exists once."""
        return self.projects[0]

    @property
    def bucket(self) -> str:
        """The address of the state bucket."""
        return f"gs://{state_bucket(self.home.project)}"

    @property
    def pool(self) -> str:
        """The pool's full name, by number as tokens hold it."""
        return f"projects/{self.project_number}/locations/global/workloadIdentityPools/{POOL}"

    @property
    def preview_account(self) -> str:
        """The service account that only reads, in every project."""
        return f"readiness-preview@{self.home.project}.iam.gserviceaccount.com"

    @property
    def stacks(self) -> tuple[StackPlace, ...]:
        """All stacks, by their names."""
        return tuple(sorted((stack for part in self.projects for stack in part.stacks), key=lambda place: place.stack))

    def identity(self, project: GoogleProject) -> str:
        """What the pool calls a job that may apply the stacks of the project."""
        return "apply" if len(self.projects) == 1 else f"apply-{project.project}"


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
    """A shell script, each step with what it is for. It leaves what exists as it is, so that it can be run again."""
    steps = (_state, _pool, _identities, _repository, _apps, _stacks, _accounts)
    return "\n".join([_HEADER, *(line for step in steps for line in step(wanted)), _FOOTER]) + "\n"


_HEADER = """\
#!/usr/bin/env bash
# Read this, then run it in the folder of Pulumi.yaml, as an owner of the Google projects and an administrator of the
# repository. Nothing ran it for you. It stops at the first command that fails. You can run it again at any time: what
# exists is left as it is, and nothing is deleted but a limit of the right to grant that is out of date.
set -euo pipefail
# A question of gcloud would be hidden, or wait for an answer.
export CLOUDSDK_CORE_DISABLE_PROMPTS=1

# Whether a command ends well. It prints nothing: where a thing is missing, the command after `||` creates it.
found() { "$@" > /dev/null 2>&1; }
# Runs a command that creates something, and shows it.
create() { echo "creating: $*" >&2; "$@"; }
# Ends where an answer differs from what this script was made for.
expect() { [ "$1" = "$2" ] || { echo "error: $3 is $2, and this script was made for $1" >&2; exit 1; }; }
not_yet=0
# Names something that somebody has to do before this script is run again.
later() { echo "not yet: $*" >&2; not_yet=1; }
# Shows a line of how to do it.
show() { echo "    $*" >&2; }
"""
_FOOTER = """\
if [ "$not_yet" = 1 ]; then
  echo "Set up, but for what is listed above as not yet. Do that, then run this script again." >&2
else
  echo "Everything is set up." >&2
fi"""


def _command(fixed: str, *words: str) -> str:
    """One command: words that need no quotes, then others."""
    return shlex.join([*fixed.split(), *words])


def _unless_found(question: str, creation: str) -> str:
    """A line that creates a thing where the question does not find it."""
    return f"found {question} || create {creation}"


def _state(wanted: Bootstrap) -> Iterator[str]:
    home, bucket = wanted.home, wanted.bucket
    yield "# 1. State: a bucket that keeps old versions, and in each project a key that encrypts the secrets in it."
    describe = _command("gcloud projects describe", home.project, "--format=value(projectNumber)")
    yield f'expect {wanted.project_number} "$({describe})" {shlex.quote(f"the number of the project {home.project}")}'
    for part in wanted.projects:
        more = (*(["artifactregistry"] if part.registries else []), *(["secretmanager"] if part.needs.secrets else []))
        names = [f"{api}.googleapis.com" for api in (*_APIS, *more)]
        yield _command("gcloud services enable", *names, part.in_project)
    # Listed in the project: a bucket of that name may belong to another project and still be readable.
    own = _command(
        "gcloud storage buckets list",
        home.in_project,
        f"--filter=name={state_bucket(home.project)}",
        "--format=value(name)",
    )
    private = ("--uniform-bucket-level-access", "--public-access-prevention")
    make = _command("gcloud storage buckets create", bucket, home.in_project, home.in_region, *private)
    yield f'[ -n "$({own})" ] || create {make}'
    yield _command("gcloud storage buckets update", bucket, "--versioning")
    for part in wanted.projects:
        place = (part.in_project, part.in_region)
        yield _unless_found(
            _command("gcloud kms keyrings describe", KEY_RING, *place),
            _command("gcloud kms keyrings create", KEY_RING, *place),
        )
        rotated = ("--purpose=encryption", "--rotation-period=90d", "--next-rotation-time=+p90d")
        key = (KEY, f"--keyring={KEY_RING}", *place)
        yield _unless_found(
            _command("gcloud kms keys describe", *key), _command("gcloud kms keys create", *key, *rotated)
        )
    yield ""


def _pool(wanted: Bootstrap) -> Iterator[str]:
    where = (wanted.home.in_project, "--location=global")
    in_pool = f"--workload-identity-pool={POOL}"
    mapping = (
        "google.subject=assertion.sub,attribute.repository_id=assertion.repository_id,"
        f"attribute.identity={_identity_expression(wanted)}"
    )
    condition = (
        f"assertion.repository_id == '{wanted.repository_id}' && assertion.repository_owner_id == '{wanted.owner_id}'"
    )
    trust = (
        "--issuer-uri=https://token.actions.githubusercontent.com",
        f"--attribute-mapping={mapping}",
        f"--attribute-condition={condition}",
    )
    yield "# 2. Who is trusted: workflows of this one repository, by its number. No key is ever made."
    repository = _command("gh api", f"repos/{wanted.repository}", "--jq", ".id")
    yield f'expect {wanted.repository_id} "$({repository})" {shlex.quote(f"the id of {wanted.repository}")}'
    pools = "gcloud iam workload-identity-pools"
    yield from _undeletable(pools, (POOL, *where), _command(f"{pools} create", POOL, *where))
    providers, provider = f"{pools} providers", (PROVIDER, *where, in_pool)
    yield from _undeletable(
        providers,
        provider,
        _command(f"{providers} create-oidc", *provider, *trust),
        _command(f"{providers} update-oidc", *provider, *trust),
    )
    yield ""


def _undeletable(group: str, thing: tuple[str, ...], creation: str, update: str = "") -> Iterator[str]:
    """A thing that Google keeps for 30 days after its deletion, and that cannot be created again in that time."""
    state = _command(f"{group} describe", *thing, "--format=value(state)")
    yield f'case "$({state} 2> /dev/null || true)" in'
    yield f'  "") create {creation} ;;'
    # What comes back may trust others than it should, so it is updated too.
    yield f"  DELETED) create {_command(f'{group} undelete', *thing)}{f'; {update}' if update else ''} ;;"
    if update:
        yield f"  *) {update} ;;"
    yield "esac"


def _identity_expression(wanted: Bootstrap) -> str:
    """An expression of CEL: which identity a job may be. Only for `main` in the environment of a stack it may apply."""
    choices = []
    for part in wanted.projects:
        protected = " || ".join(f"assertion.environment == '{environment}'" for environment in part.environments)
        choices.append(
            f"(assertion.ref == 'refs/heads/main' && 'environment' in assertion && ({protected})) ? "
            f"'{wanted.identity(part)}' : "
        )
    preview = (
        f"('environment' in assertion && (assertion.environment == '{PREVIEW}' || "
        f"(assertion.environment == '{DRIFT}' && assertion.ref == 'refs/heads/main'))) ? 'preview' : 'none'"
    )
    return "".join(choices) + preview


def _identities(wanted: Bootstrap) -> Iterator[str]:
    noun = "one that applies" if len(wanted.projects) == 1 else "one for each project that applies"
    yield f"# 3. Identities: one that reads, and {noun} what the program declares."
    yield from _account(wanted, wanted.home, wanted.preview_account, "preview", "roles/storage.objectViewer")
    member = f"--member=serviceAccount:{wanted.preview_account}"
    for part in wanted.projects:
        yield from (_project_role(part, member, role) for role in part.needs.preview_roles)
        yield _on_key(part, member, "roles/cloudkms.cryptoKeyDecrypter")
    for part in wanted.projects:
        yield from _account(wanted, part, part.apply_account, wanted.identity(part), "roles/storage.objectAdmin")
        member = f"--member=serviceAccount:{part.apply_account}"
        for role in part.needs.apply_roles:
            if role == IAM_ADMIN:
                yield from _limited_admin(part)
            else:
                yield _project_role(part, member, role)
        yield _on_key(part, member, "roles/cloudkms.cryptoKeyEncrypterDecrypter")
        yield from _on_single_things(part, member)
    yield ""


def _account(wanted: Bootstrap, part: GoogleProject, email: str, identity: str, bucket_role: str) -> Iterator[str]:
    """A service account, the jobs that may be it, and its role on the state bucket."""
    name = email.partition("@")[0]
    yield _unless_found(
        _command("gcloud iam service-accounts describe", email, part.in_project),
        _command("gcloud iam service-accounts create", name, part.in_project),
    )
    trusted = f"--member=principalSet://iam.googleapis.com/{wanted.pool}/attribute.identity/{identity}"
    role = "--role=roles/iam.workloadIdentityUser"
    yield _command(f"gcloud iam service-accounts {_BIND}", email, part.in_project, role, trusted)
    member = f"--member=serviceAccount:{email}"
    yield _command(f"gcloud storage buckets {_BIND}", wanted.bucket, member, f"--role={bucket_role}")


def _project_role(part: GoogleProject, member: str, role: str) -> str:
    return _command(f"gcloud projects {_BIND}", part.project, member, f"--role={role}", "--condition=None")


def _on_key(part: GoogleProject, member: str, role: str) -> str:
    key = (KEY, f"--keyring={KEY_RING}", part.in_project, part.in_region)
    return _command(f"gcloud kms keys {_BIND}", *key, member, f"--role={role}")


def _limited_admin(part: GoogleProject) -> Iterator[str]:
    """The right to grant the roles that the program declares, and no other, its own least of all.

    Two bindings of the role would allow what either of them allows, so one with another limit is removed first.
    """
    roles = ", ".join(f"'{role}'" for role in part.needs.granted)
    expression = f"api.getAttribute('iam.googleapis.com/modifiedGrantsByRole', []).hasOnly([{roles}])"
    account = f"serviceAccount:{part.apply_account}"
    member, role = f"--member={account}", f"--role={IAM_ADMIN}"
    current = _command(
        "gcloud projects get-iam-policy",
        part.project,
        "--flatten=bindings[].members",
        f"--filter=bindings.role={IAM_ADMIN} AND bindings.members={account}",
        "--format=value(bindings.condition.expression)",
    )
    yield f'limit="$({current})"'
    yield f'if [ "$limit" != {shlex.quote(expression)} ]; then'
    remove = _command("gcloud projects remove-iam-policy-binding", part.project, member, role, "--all")
    yield f'  [ -z "$limit" ] || {remove}'
    # gcloud splits at commas, and the expression holds some: `^:^` has it split at colons.
    condition = f"--condition=^:^title=declared-roles-only:expression={expression}"
    yield f"  {_command(f'gcloud projects {_BIND}', part.project, member, role, condition)}"
    yield "fi"


def _on_single_things(part: GoogleProject, member: str) -> Iterator[str]:
    project = part.in_project
    for registry in part.registries:
        place = (registry, project, part.in_region)
        # The identity may not create one: a role that does would be one on all registries of the project.
        yield _unless_found(
            _command("gcloud artifacts repositories describe", *place),
            _command("gcloud artifacts repositories create", *place, "--repository-format=docker"),
        )
        role = "--role=roles/artifactregistry.admin"
        yield _command(f"gcloud artifacts repositories {_BIND}", *place, member, role)
    if part.needs.secrets:
        yield from _secret_role(part)
    for secret in part.needs.secrets:
        role = f"--role=projects/{part.project}/roles/{SECRET_ROLE}"
        yield f"if found {_command('gcloud secrets describe', secret, project)}; then"
        yield f"  {_command(f'gcloud secrets {_BIND}', secret, project, member, role)}"
        store = _command("gcloud secrets create", secret, project, "--data-file=-")
        missing = f"the secret {secret} of {part.project} does not exist; store its value with: {store}"
        yield f"else later {shlex.quote(missing)}"
        yield "fi"


def _secret_role(part: GoogleProject) -> Iterator[str]:
    role = (SECRET_ROLE, part.in_project)
    permissions = "--permissions=secretmanager.secrets.getIamPolicy,secretmanager.secrets.setIamPolicy"
    create = _command("gcloud iam roles create", *role, "--title=Grant access to a secret", permissions)
    # A deleted role is found for 7 days, and none of its name can be created for 37
    # (https://docs.cloud.google.com/iam/docs/creating-custom-roles#deleting-custom-role).
    yield _unless_found(_command("gcloud iam roles describe", *role), create)
    deleted = _command("gcloud iam roles describe", *role, "--format=value(deleted)")
    yield f'[ "$({deleted})" != True ] || create {_command("gcloud iam roles undelete", *role)}'


def _repository(wanted: Bootstrap) -> Iterator[str]:
    environments = [stack.environment for stack in wanted.stacks]
    owners = [stack.environment for stack in wanted.stacks if stack.owns_shared_resources]
    noun = "environment" if len(environments) == 1 else "environments"
    yield f"# 4. What the workflows read. Then protect the {noun} {_quoted(environments)} of this repository:"
    yield f"#    branch `main` only, and for {_quoted(owners)} reviewers."
    for environment in (PREVIEW, DRIFT, *environments):
        path = f"repos/{wanted.repository}/environments/{environment}"
        # A PUT without a body would remove reviewers and branches of an environment that exists.
        yield _unless_found(_command("gh api", path), _command("gh api -X PUT", path))
    variables = {
        "WORKLOAD_IDENTITY_PROVIDER": f"{wanted.pool}/providers/{PROVIDER}",
        "PULUMI_BACKEND_URL": wanted.bucket,
        "PREVIEW_IDENTITY": wanted.preview_account,
        APPLY_VARIABLE: wanted.home.apply_account,
    }
    for name, value in variables.items():
        yield _command("gh variable set", name, "--repo", wanted.repository, "--body", value)
    if len(wanted.projects) > 1:
        # A variable of an environment comes before the repository's one of the same name.
        for part in wanted.projects:
            for environment in part.environments:
                where = ("--repo", wanted.repository, "--env", environment)
                yield _command("gh variable set", APPLY_VARIABLE, *where, "--body", part.apply_account)
    yield ""


def _apps(wanted: Bootstrap) -> Iterator[str]:
    """What is there of each App, and otherwise how to get it: only a person can register one."""
    yield "# 5. The GitHub Apps, whose tokens the jobs take for the application's repository. GitHub creates an App"
    yield "#    only in the browser: for each that is missing, this prints the page and the commands. For a personal"
    yield "#    account, the page is https://github.com/settings/apps/new."
    for app in wanted.apps:
        repository = f"repos/{wanted.repository}"
        asked = [_command("gh api", f"{repository}/actions/variables/{app.client_id}")]
        for environment in app.environments:
            secrets = f"{repository}/environments/{environment}/secrets"
            asked.append(_command("gh api", f"{secrets}/{app.private_key}"))
        there = " && ".join(f"found {question}" for question in asked)
        missing = (
            f"the GitHub App that {app.purpose} {app.owner}/{app.application}. Register it on this page, generate a "
            f"private key, install the App on {app.application} only, run the commands, and delete the key file:"
        )
        yield f"if {there}; then :"
        if app.prefix == "APPLY":
            tokens = [
                _command("gh api", f"{repository}/environments/{environment}/secrets/{MANAGEMENT_TOKEN}")
                for environment in app.environments
            ]
            yield f"elif {' && '.join(f'found {token}' for token in tokens)}; then :"
        yield f"else later {shlex.quote(missing)}"
        yield from (f"  show {shlex.quote(step)}" for step in app.steps(wanted.repository))
        yield "fi"
    yield ""


def _quoted(names: list[str]) -> str:
    return " and ".join(f"`{name}`" for name in names)


def _stacks(wanted: Bootstrap) -> Iterator[str]:
    yield "# 6. The stacks, with secrets under the key. This writes `secretsprovider` and `encryptedkey` into the stack"
    yield "#    files: commit them."
    # The variable comes before a login, so that it names the same backend.
    yield f"export PULUMI_BACKEND_URL={shlex.quote(wanted.bucket)}"
    yield _command("pulumi login", wanted.bucket)
    for part in wanted.projects:
        provider = f"--secrets-provider=gcpkms://{key_name(part.project, part.region)}"
        for stack in part.stacks:
            yield _unless_found(
                _command("pulumi stack export --stack", stack.stack),
                _command("pulumi stack init", stack.stack, provider),
            )
    yield ""


def _accounts(wanted: Bootstrap) -> Iterator[str]:
    if not any(part.needs.accounts for part in wanted.projects):
        return
    yield "# 7. The accounts of the jobs: who changes a job must be allowed to act as its account. They exist after"
    yield "#    you have applied each stack once yourself (`readiness adopt` and `readiness up STACK`)."
    for part in wanted.projects:
        for account in part.needs.accounts:
            email, role = f"{account}@{part.project}.iam.gserviceaccount.com", "--role=roles/iam.serviceAccountUser"
            member = f"--member=serviceAccount:{part.apply_account}"
            yield f"if found {_command('gcloud iam service-accounts describe', email, part.in_project)}; then"
            yield f"  {_command(f'gcloud iam service-accounts {_BIND}', email, part.in_project, member, role)}"
            missing = f"the account {email} does not exist; your first apply creates it"
            yield f"else later {shlex.quote(missing)}"
            yield "fi"
    yield ""
