"""The rules of the policy pack hold for every plan of ours, and each is broken by what it is for."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from readiness.finding import text_line
from readiness.plan.offline_plan import Plan
from readiness.resource_types import ALERT_POLICY, BRANCH_POLICY, ENVIRONMENT, REGISTRY, REPOSITORY_FILE
from readiness.rules.policy_rules import POLICY_RULES
from readiness.rules.rule import Resource, Surroundings, findings_by, of_plan
from readiness.settings.protected_tags import PROTECTED_TAGS
from tests.projects import ROOT, STACKS, runbook_targets

AROUND = Surroundings(runbook_targets=runbook_targets())

ALERT = {
    "severity": "ERROR",
    "notificationChannels": ["<channel.id>"],
    "documentation": {"links": [{"url": "https://wiki.example/runbook#highcpuusage"}]},
}
ON_A_PAGE = {**ALERT, "documentation": {"links": [{"url": "https://git.example/docs/runbook/HighCpuUsage.md"}]}}
GATE = {
    "reviewers": [{"users": [1], "teams": [2]}],
    "deploymentBranchPolicy": {"protectedBranches": False, "customBranchPolicies": True},
}
KEEP_TAGS = {"id": "tags", "action": "KEEP", "condition": {"tagState": "TAGGED", "tagPrefixes": list(PROTECTED_TAGS)}}
DELETE_OLD = {"id": "old", "action": "DELETE", "condition": {"tagState": "ANY", "olderThan": "2592000s"}}
IMAGES = {"cleanupPolicies": [DELETE_OLD, KEEP_TAGS]}


def broken(type_: str, inputs: dict[str, Any], *, protect: bool = True) -> list[str]:
    """Names of the rules that a resource breaks."""
    resource = Resource(type=type_, name="it", inputs=inputs, protect=protect)
    return [item.rule_id.removeprefix("policy-") for item in findings_by(POLICY_RULES, [resource], AROUND)]


@pytest.mark.parametrize("stack", STACKS)
def test_every_plan_of_ours_keeps_every_rule(stack: str, plans: dict[str, Plan]) -> None:
    """Also the fixture that has every option on: nothing that the settings allow breaks a rule."""
    found = findings_by(POLICY_RULES, of_plan(plans[stack].resources), AROUND)
    assert found == []


@pytest.mark.parametrize(
    ("rule", "type_", "good", "bad"),
    [
        ("alert-channel", ALERT_POLICY, ALERT, {**ALERT, "notificationChannels": []}),
        ("alert-severity", ALERT_POLICY, ALERT, {**ALERT, "severity": None}),
        ("alert-runbook", ALERT_POLICY, ALERT, {**ALERT, "documentation": {"links": [{"url": "https://x/y#gone"}]}}),
        (
            "alert-runbook",
            ALERT_POLICY,
            ON_A_PAGE,
            {**ALERT, "documentation": {"links": [{"url": "https://x/y/gone.md"}]}},
        ),
        ("alert-runbook", ALERT_POLICY, ALERT, {**ALERT, "documentation": None}),
        ("environment-reviewers", ENVIRONMENT, GATE, {**GATE, "reviewers": [{"users": [1]}]}),
        ("environment-reviewers", ENVIRONMENT, GATE, {**GATE, "reviewers": None}),
        ("environment-branches", ENVIRONMENT, GATE, {**GATE, "deploymentBranchPolicy": None}),
        ("environment-branches", BRANCH_POLICY, {"branchPattern": "main"}, {"branchPattern": "*"}),
        ("environment-branches", BRANCH_POLICY, {"branchPattern": "release/*"}, {"branchPattern": "**/*"}),
        ("environment-branches", BRANCH_POLICY, {"branchPattern": "main"}, {"branchPattern": "[!x]*"}),
        ("environment-branches", BRANCH_POLICY, {"branchPattern": "main"}, {"branchPattern": "*n"}),
        ("environment-branches", BRANCH_POLICY, {"branchPattern": "m"}, {"branchPattern": "m", "tagPattern": "v*"}),
        ("no-plain-secret", "any:type:Thing", {"a": ["[secret]"]}, {"a": [{"b": "xoxb-not-a-real-token"}]}),
        ("registry-tags", REGISTRY, IMAGES, {"cleanupPolicies": [DELETE_OLD]}),
        ("registry-tags", REGISTRY, IMAGES, {"cleanupPolicies": [DELETE_OLD, KEEP_TAGS, KEEP_TAGS]}),
        (
            "registry-tags",
            REGISTRY,
            {"cleanupPolicies": []},
            {"cleanupPolicies": [DELETE_OLD, {"id": "all", "action": "KEEP"}]},
        ),
        ("registry-tags", REGISTRY, IMAGES, {"cleanupPolicies": [DELETE_OLD, {**KEEP_TAGS, "condition": {}}]}),
        ("nothing-public", "any:type:Thing", {"member": "user:ada@shop.example"}, {"member": "allUsers"}),
        ("nothing-public", "any:type:Thing", {"members": []}, {"members": ["allAuthenticatedUsers"]}),
        ("managed-folder", REPOSITORY_FILE, {"file": ".github/dependabot.yml"}, {"file": "README.md"}),
        ("managed-folder", REPOSITORY_FILE, {"file": ".github/a.yml"}, {"file": ".github/../README.md"}),
        ("managed-folder", "readiness:github:X", {"digests": {".github/a.yml": ""}}, {"digests": {"src/app.py": ""}}),
    ],
)
def test_a_rule_passes_what_is_right_and_names_what_is_not(
    rule: str, type_: str, good: dict[str, Any], bad: dict[str, Any]
) -> None:
    """One pair for each way in which a rule is broken."""
    assert broken(type_, good) == []
    assert set(broken(type_, bad)) == {rule}


def test_the_texts_of_managed_files_are_judged_with_their_component() -> None:
    """A plan has them beside the inputs. A file in the wrong place is named once."""
    files = {"src/app.py": "token: xoxb-not-a-real-token\n", ".github/a.yml": "on: push\n"}
    component = {
        "type": "readiness:project:ManagedFiles",
        "name": "files",
        "inputs": {"digests": dict.fromkeys(files, "sha256:0")},
        "files": files,
    }
    assert [(item.rule_id, item.message) for item in findings_by(POLICY_RULES, of_plan([component]), AROUND)] == [
        (
            "policy-no-plain-secret",
            "the file 'src/app.py' contains what looks like a credential; take it out, and revoke it",
        ),
        (
            "policy-managed-folder",
            "the file 'src/app.py' is outside .github/; nothing else of the repository is written to",
        ),
    ]


def test_a_registry_without_protection_is_named() -> None:
    """Whatever else is right about it."""
    assert broken(REGISTRY, IMAGES, protect=False) == ["registry-protected"]


@pytest.mark.parametrize("tag", PROTECTED_TAGS)
def test_each_protected_tag_is_asked_for(tag: str) -> None:
    """A policy that keeps the other three is not enough, and one that keeps young images only neither."""
    others = [protected_tag for protected_tag in PROTECTED_TAGS if protected_tag != tag]
    narrow = {"tagState": "TAGGED", "tagPrefixes": [tag], "newerThan": "60s"}
    policies = [
        DELETE_OLD,
        {**KEEP_TAGS, "condition": {"tagState": "TAGGED", "tagPrefixes": others}},
        {"id": "young", "action": "KEEP", "condition": narrow},
    ]
    found = findings_by(
        POLICY_RULES, [Resource(type=REGISTRY, name="it", inputs={"cleanupPolicies": policies}, protect=True)], AROUND
    )
    assert [finding.message for finding in found] == [
        f"no policy keeps the tag {tag}, so that cleanup could delete what runs; keep it"
    ]


def test_the_rules_import_the_standard_library_only() -> None:
    """The pack has an environment of its own: without site-packages, the rules still import."""
    script = "import sys; sys.path.insert(0, sys.argv[1]); import readiness.rules.policy_rules"
    done = subprocess.run(
        [sys.executable, "-S", "-I", "-c", script, str(ROOT)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_every_rule_has_a_case_of_its_own() -> None:
    """A rule that no test breaks would be a rule that cannot fail."""
    names = [rule.id.removeprefix("policy-") for rule in POLICY_RULES]
    source = (ROOT / "tests" / "rules" / "test_policy_rules.py").read_text(encoding="utf-8")
    assert [name for name in names if f'"{name}"' not in source] == []


def test_a_finding_names_the_place_of_its_resource_and_the_rule() -> None:
    """The program, where the plan does not say which line declares the resource."""
    broken_alert = {"type": ALERT_POLICY, "name": "cpu", "inputs": {**ALERT, "severity": ""}}
    [found] = findings_by(
        POLICY_RULES, of_plan([{**broken_alert, "source": {"file": "components/x.py", "line": 3}}]), AROUND
    )
    said = "cpu: an alert without severity; write CRITICAL, ERROR or WARNING. Rule alert-severity of the policy pack."
    assert text_line(found) == f"components/x.py:3: {said}"
    [found] = findings_by(POLICY_RULES, of_plan([broken_alert]), AROUND)
    assert text_line(found) == f"__main__.py: {said}"
