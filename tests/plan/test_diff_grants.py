"""Grants, identities and jobs: changes there need an acknowledgement, and what is known to be stricter does not."""

from __future__ import annotations

import copy
import json
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from readiness.plan.field_changes import flat
from readiness.plan.offline_plan import SECRET as SECRET_VALUE
from readiness.plan.offline_plan import Plan
from readiness.plan.protection_of_grants import GRANT_PROTECTION
from readiness.plan.weakening import protection_of
from readiness.resource_types import JOB, STACK_TYPE
from tests.plan.diff_plans import resource, value_of, weakened
from tests.plan.weakening_case import Inputs, put

MEMBER = "gcp:projects/iAMMember:IAMMember"
BINDING = "gcp:storage/bucketIAMBinding:BucketIAMBinding"
POLICY = "gcp:pubsub/topicIAMPolicy:TopicIAMPolicy"
ROLE = "gcp:projects/iAMCustomRole:IAMCustomRole"
AUDIT = "gcp:projects/iAMAuditConfig:IAMAuditConfig"
ACCOUNT = "gcp:serviceaccount/account:Account"
KEY = "gcp:serviceaccount/key:Key"
COLLABORATORS = "github:index/repositoryCollaborators:RepositoryCollaborators"
DEPLOY_KEY = "github:index/repositoryDeployKey:RepositoryDeployKey"
TEAM = "github:index/teamRepository:TeamRepository"
ACTIONS = "github:index/actionsRepositoryPermissions:ActionsRepositoryPermissions"
WORKFLOWS = "github:index/workflowRepositoryPermissions:WorkflowRepositoryPermissions"
SECRET = "github:index/actionsEnvironmentSecret:ActionsEnvironmentSecret"  # noqa: S105 - a type
DENY = "gcp:iam/denyPolicy:DenyPolicy"
POOL = "gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider"
SERVICE = "gcp:cloudrunv2/service:Service"
BUCKET = "gcp:storage/bucket:Bucket"

_MEMBER = {"project": "p", "role": "roles/viewer", "member": "user:ada@example.com"}
_LIMITED = _MEMBER | {"condition": {"title": "one", "expression": 'resource.name == "one"'}}
_BINDING = {"bucket": "b", "role": "roles/viewer", "members": ["user:ada@example.com", "user:grace@example.com"]}
_PERMISSIONS = {"roleId": "r", "permissions": ["run.jobs.run", "run.jobs.get"], "title": "Runs"}
_JOB = {
    "name": "migrate",
    "deletionProtection": True,
    "template": {"template": {
        "serviceAccount": "migrate@p.iam.gserviceaccount.com", "maxRetries": 0, "timeout": "600s",
        "containers": [{"image": "app@sha256:1", "commands": ["python"], "args": ["upgrade"], "envs": [
            {"name": "DB_NAME", "value": "app"}]}],
    }},
}  # fmt: skip


def _policy(*bindings: tuple[str, list[str]], **more: Any) -> Inputs:
    data = {"bindings": [{"role": role, "members": members} for role, members in bindings], **more}
    return {"topic": "t", "policyData": json.dumps(data)}


_ADA, _BOTH = ["user:ada@example.com"], ["user:ada@example.com", "user:grace@example.com"]

# Type, looser inputs, stricter inputs: from left to right nobody has to agree, the way back needs it.
STRICTER = (
    (BINDING, _BINDING, put(_BINDING, "members.0", None)),
    (POLICY, _policy(("roles/viewer", _BOTH)), _policy(("roles/viewer", _ADA))),
    (POLICY, _policy(("roles/viewer", _ADA), ("roles/owner", _ADA)), _policy(("roles/viewer", _ADA))),
    (ROLE, _PERMISSIONS, put(_PERMISSIONS, "permissions.0", None)),
    (MEMBER, _MEMBER, _LIMITED),
    (BINDING, _BINDING, _BINDING | {"condition": {"title": "t", "expression": 'resource.name == "one"'}}),
    (AUDIT, {"auditLogConfigs": [{"logType": "DATA_READ"}]},
     {"auditLogConfigs": [{"logType": "DATA_READ"}, {"logType": "DATA_WRITE"}]}),
    (JOB, put(_JOB, "deletionProtection", False), _JOB),
    (ACCOUNT, {"accountId": "a"}, {"accountId": "a", "disabled": True}),
    (TEAM, {"permission": "admin"}, {"permission": "pull"}),
    (COLLABORATORS, {"users": [{"username": "ada"}, {"username": "grace"}]}, {"users": [{"username": "grace"}]}),
    (DEPLOY_KEY, {"readOnly": False}, {"readOnly": True}),
    (ACTIONS, {"enabled": True}, {"enabled": False}),
    (WORKFLOWS, {"defaultWorkflowPermissions": "write"}, {"defaultWorkflowPermissions": "read"}),
    (WORKFLOWS, {"canApprovePullRequestReviews": True}, {"canApprovePullRequestReviews": False}),
)  # fmt: skip


@pytest.mark.parametrize(("type_", "loose", "strict"), STRICTER)
def test_what_is_known_to_be_stricter_needs_nobody_and_the_way_back_does(
    type_: str, loose: Inputs, strict: Inputs
) -> None:
    """Both directions."""
    assert weakened([resource(type_, loose)], [resource(type_, strict)]) == ()
    assert weakened([resource(type_, strict)], [resource(type_, loose)]) != ()


@pytest.mark.parametrize(
    ("type_", "old", "path", "value"),
    [
        (MEMBER, _MEMBER, "role", "roles/owner"),
        (MEMBER, _MEMBER, "member", "allUsers"),
        (MEMBER, _MEMBER, "member", "allAuthenticatedUsers"),
        (MEMBER, _MEMBER, "member", "user:mallory@example.com"),
        (MEMBER, _MEMBER, "project", "another"),
        (MEMBER, _LIMITED, "condition.expression", "true"),
        (BINDING, _BINDING, "members.1", "allUsers"),
        (BINDING, _BINDING, "role", "roles/owner"),
        (ROLE, _PERMISSIONS, "permissions.1", "resourcemanager.projects.setIamPolicy"),
        (AUDIT, {"service": "allServices", "auditLogConfigs": []}, "service", "run.googleapis.com"),
        (JOB, _JOB, "template.template.serviceAccount", "owner@p.iam.gserviceaccount.com"),
        (JOB, _JOB, "template.template.maxRetries", 3),
        (JOB, _JOB, "template.template.timeout", "6000s"),
        (JOB, _JOB, "template.template.containers.0.image", "evil:latest"),
        (JOB, _JOB, "template.template.containers.0.commands", ["sh"]),
        (JOB, _JOB, "template.template.containers.0.args", ["downgrade"]),
        (JOB, _JOB, "template.template.containers.0.envs.0.value", "other"),
        (ACCOUNT, {"accountId": "a"}, "accountId", "b"),
        (POOL, {"attributeCondition": "assertion.repository == 'o/r'"}, "attributeCondition", "true"),
        (COLLABORATORS, {"users": [{"username": "ada"}]}, "users.0.username", "mallory"),
        (SECRET, {"secretName": "A", "environment": "production"}, "environment", "staging"),
        (DEPLOY_KEY, {"key": "ssh-ed25519 AAAA"}, "key", "ssh-ed25519 BBBB"),
    ],
)
def test_each_other_change_of_a_grant_or_a_job_needs_acknowledgement_in_both_directions(
    type_: str, old: Inputs, path: str, value: Any
) -> None:
    """Nobody can say from the text that the one is stricter than the other."""
    new = put(old, path, value)
    for before, after in ((old, new), (new, old)):
        (found,) = weakened([resource(type_, before)], [resource(type_, after)])
        assert found.reasons
        assert weakened([resource(type_, before)], [resource(type_, before)]) == ()


def test_who_gets_what_is_said() -> None:
    """A reviewer need not look for the two words that matter."""
    (found,) = weakened([], [resource(MEMBER, {"role": "roles/owner", "member": "allUsers"})])
    assert found.reasons == ("is a new grant of roles/owner to allUsers",)
    (found,) = weakened([resource(BINDING, _BINDING)], [resource(BINDING, put(_BINDING, "members.0", "allUsers"))])
    assert found.reasons == ("members: grants something else, to allUsers",)


@pytest.mark.parametrize("type_", [MEMBER, BINDING, POLICY, ROLE, ACCOUNT, KEY, JOB, COLLABORATORS, DEPLOY_KEY, SECRET])
def test_a_new_one_needs_acknowledgement_and_a_deleted_one_does_not(type_: str) -> None:
    """Also in a stack that has nothing yet."""
    it = resource(type_, {"role": "r"})
    assert len(weakened([], [it])) == 1
    assert weakened([it], []) == ()


@pytest.mark.parametrize("type_", [DENY, POOL, ACTIONS])
def test_a_possible_protection_needs_acknowledgement_to_go(type_: str) -> None:
    """A deny policy, the permissions of workflows: without them more is allowed."""
    it = resource(type_, {"name": "it"})
    assert len(weakened([it], [])) == len(weakened([], [it])) == 1


def test_a_new_record_of_access_is_protection() -> None:
    """Its deletion is what weakens."""
    it = resource(AUDIT, {"service": "allServices"})
    assert weakened([], [it]) == ()
    assert len(weakened([it], [])) == 1


def test_a_grant_that_goes_on_under_another_name_is_no_new_one() -> None:
    """The same inputs; one with others is a new grant."""
    old = resource(MEMBER, _MEMBER, name="old")
    assert weakened([old], [resource(MEMBER, _MEMBER, name="new")]) == ()
    assert len(weakened([old], [resource(MEMBER, _MEMBER | {"role": "roles/owner"}, name="new")])) == 1


def test_the_first_image_of_a_job_needs_acknowledgement_though_it_is_ignored_later() -> None:
    """A plan does not know whether the job exists: one that is still to be made starts with the declared image."""
    image = "template.template.containers[0].image"
    other = put(_JOB, "template.template.containers.0.image", "app@sha256:2")
    old, new = (resource(JOB, inputs, options={"ignoreChanges": [image]}) for inputs in (_JOB, other))
    assert [finding.field for finding in weakened([old], [new])] == [image]
    assert weakened([old], [old]) == ()
    (found, again) = weakened([old], [resource(JOB, other)])
    assert {found.field, again.field} == {"options.ignoreChanges", image}
    every = resource(JOB, other, options={"ignoreChanges": ['template["template"].containers[*].image']})
    assert {finding.field for finding in weakened([old], [every])} == {"options.ignoreChanges", image}


@pytest.mark.parametrize("field", ["description", "displayName", "labels"])
def test_words_and_labels_give_nobody_a_right(field: str) -> None:
    """They are shown with everything else."""
    for type_, inputs in ((ACCOUNT, {"accountId": "a"}), (ROLE, _PERMISSIONS)):
        assert weakened([resource(type_, inputs)], [resource(type_, {**inputs, field: "x"})]) == ()


@pytest.mark.parametrize("member", ["allUsers", "allAuthenticatedUsers"])
def test_what_is_opened_to_everybody_needs_acknowledgement_whatever_its_type(member: str) -> None:
    """Closing it does too, where no table knows the type, but is not said to open anything."""
    closed, opened = resource(BUCKET, {"acl": [{"entity": "x"}]}), resource(BUCKET, {"acl": [{"entity": member}]})
    (found,) = weakened([closed], [opened])
    assert found.reasons == (f"opens it to {member}",)
    assert len(weakened([], [opened])) == 1
    (found,) = weakened([opened], [closed])
    assert "it is not known whether that is weaker" in found.reasons[0]


def test_a_service_that_no_longer_asks_who_calls_needs_acknowledgement() -> None:
    """Cloud Run's own switch does the same as a grant to everybody."""
    asks, open_ = resource(SERVICE, {"name": "s"}), resource(SERVICE, {"name": "s", "invokerIamDisabled": True})
    (found,) = weakened([asks], [open_])
    assert (found.field, found.reasons) == ("invokerIamDisabled", ("everybody who reaches it may call it",))
    (found,) = weakened([open_], [asks])
    assert "it is not known" in found.reasons[0]


def test_a_provider_of_its_own_needs_acknowledgement_and_so_does_each_change_of_it() -> None:
    """It may have another address, account and program."""
    type_ = "pulumi:providers:github"
    own, other = (resource(type_, {"baseUrl": f"https://{host}.example.com/"}) for host in ("a", "b"))
    assert [finding.field for finding in weakened([], [own])] == ["(resource)"]
    assert [finding.field for finding in weakened([own], [other])] == ["baseUrl"]
    assert weakened([own], []) == ()


@pytest.mark.parametrize("option", ["provider", "pluginDownloadURL", "pluginChecksums"])
def test_another_provider_for_a_resource_needs_acknowledgement(option: str) -> None:
    """In both directions: neither is known to be the better one."""
    plain, other = resource(BUCKET, {}), resource(BUCKET, {}, options={option: "https://example.com/x"})
    for before, after in ((plain, other), (other, plain)):
        assert [finding.field for finding in weakened([before], [after])] == [f"options.{option}"]
    assert weakened([], [other])


def test_the_first_resource_of_a_further_package_needs_acknowledgement() -> None:
    """A component of one's own is none; the second resource is no further package, but of a type without a table."""
    first, second = (
        resource("random:index/randomId:RandomId", {"byteLength": 4}, name=name, options={"version": "4.0.0"})
        for name in ("first", "second")
    )
    (found,) = weakened([], [first])
    assert found.reasons == ("is managed by the provider random, which was not used before",)
    (found,) = weakened([first], [first, second])
    assert found.reasons[0].startswith("is new, and Readiness has no rules")
    assert weakened([], [resource("shop:web:Site", {"name": "x"})]) == ()


@pytest.mark.parametrize("type_", ["command:local:Command", "pulumi-python:dynamic:Resource"])
def test_each_command_needs_acknowledgement(type_: str) -> None:
    """Its inputs are run."""
    one, two = (resource(type_, {"create": f"echo {number}"}) for number in (1, 2))
    assert len(weakened([], [one])) == len(weakened([one], [two])) == 1
    assert weakened([one], []) == ()


def _sdk_types() -> list[str]:
    """The type tokens of Google's installed SDK."""
    spec = find_spec("pulumi_gcp")
    assert spec is not None
    assert spec.origin is not None
    texts = (file.read_text(encoding="utf-8") for file in Path(spec.origin).parent.glob("*/*.py"))
    token = re.compile(r"__self__\)\.__init__\(\s*'(gcp:[^']+)'")
    return sorted({found for text in texts for found in token.findall(text)})


def test_every_type_of_googles_sdk_that_is_named_for_iam_or_a_job_is_a_grant() -> None:
    """By their pattern, so that those of a new version are too."""
    types = _sdk_types()
    assert len(types) > 1000
    named = [type_ for type_ in types if "iam" in type_.rpartition("/")[2].lower() or type_.endswith(":Job")]
    missed = [type_ for type_ in named if not _is_grant(type_)]
    assert len(named) > 400
    assert missed == []


def _is_grant(type_: str) -> bool:
    """Whether a table of the grants is the one that is applied to the type."""
    return protection_of(type_) in GRANT_PROTECTION


@pytest.mark.parametrize("type_", ["gcp:monitoring/alertPolicy:AlertPolicy", BUCKET, SERVICE, "gcp:sql/user:User"])
def test_other_types_are_none(type_: str) -> None:
    """They have rules of their own, or none."""
    assert not _is_grant(type_)


@pytest.mark.parametrize("stack", ["prod", "every-option"])
def test_every_field_of_every_grant_of_the_program_needs_acknowledgement_to_change_or_go(
    stack: str, plans: dict[str, Plan]
) -> None:
    """Whatever is planted; what is words or a field that a rule judges is left out."""
    judged = ("condition", "deletionProtection", "auditLogConfigs", "displayName", "description", "title", "labels")
    seen = 0
    for entry in value_of(plans[stack])["resources"]:
        if entry["type"] == STACK_TYPE or not _is_grant(entry["type"]):
            continue
        for path, value in flat(entry["inputs"]):
            dotted = path.replace("[", ".").replace("]", "")
            if re.split(r"[.\[]", path)[0] in judged or value == SECRET_VALUE:
                continue
            for planted_value in ("planted", None):
                changed = {**entry, "inputs": put(entry["inputs"], dotted, planted_value)}
                assert weakened([entry], [changed]), f"{entry['name']}: {path} {value!r} -> {planted_value!r}"
                seen += 1
    assert seen > 20


@pytest.mark.parametrize("junk", [[], {}, None, "x", 7, True, [[1]], [{"a": {}}], {"b": [1]}])
@pytest.mark.parametrize("type_", [MEMBER, BINDING, POLICY, ROLE, JOB, COLLABORATORS, BUCKET])
def test_inputs_of_any_shape_are_taken(type_: str, junk: Any) -> None:
    """A plan that was handed in promises nothing about its values."""
    good: Inputs = {**_BINDING, **_policy(), **_PERMISSIONS, **_JOB, "users": [{"username": "a"}]}
    odd = dict.fromkeys(good, junk)
    odd["policyData"] = json.dumps(junk)
    for before, after in ((good, odd), (odd, good)):
        options = {"ignoreChanges": ["template.template.containers[0].image", "[", 7]}
        weakened(
            [resource(type_, copy.deepcopy(before))],
            [resource(type_, copy.deepcopy(after), options=copy.deepcopy(options))],
        )


def test_each_kind_has_a_pattern_of_its_own() -> None:
    """None is hidden whole by one before it."""
    for type_, position in ((AUDIT, 0), (ROLE, 1), (MEMBER, 2), (DENY, 4), (ACCOUNT, 5), (JOB, 6)):
        assert protection_of(type_) is GRANT_PROTECTION[position]
