"""Mistakes in one stack file: each gives one finding with its line, and none hides or repeats another one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from readiness.finding import errors_only
from readiness.rules.stack import check_stack
from tests.edits import edit
from tests.projects import EVERY_OPTION, EVERY_OPTION_FILE

FILE = EVERY_OPTION_FILE.name
# What stands in the file, what is written instead (its first line is the mistake), the rule, and the key.
MISTAKES = (
    ("role: backend", "role: 5", "settings-invalid-value", "readiness:services[0].role"),
    ("- name: shop-web\n", "- name: shop-api\n", "settings-repeated-item", "readiness:services[1].name"),
    ("instance: shop-db\n", "instanze: shop-db\n", "settings-unknown-key", "readiness:database.instanze"),
    ("{cpu_ratio: 0.75,", "{cpu_ratio: 75,", "settings-invalid-value", "readiness:alerts.high_cpu_usage.cpu_ratio"),
    (
        "regions: [USA_OREGON, EUROPE, SOUTH_AMERICA]",
        "regions: [USA_OREGON, EUROPE]",
        "settings-uptime-regions",
        "readiness:uptime_checks.regions",
    ),
    ("{goal: 0.99,", "{goal: 0.9,", "settings-availability-goal", "readiness:availability.goal"),
    ('date: "2026-11-01"', 'date: "2026-02-30"', "settings-date-unreadable", "readiness:prices.date"),
    (
        "id: projects/ytgrs-464303/notificationChannels/1001",
        "id: projects/another-project/notificationChannels/1001",
        "settings-channels",
        "readiness:channels.existing[0].id",
    ),
    (
        "secure: v1:d2ViaG9vaw==:d2ViaG9vaw==",
        "plain: yes",
        "settings-plain-secret",
        "readiness:slack_webhook_url",
    ),
    (
        "production-latest, production-previous,",
        "production-latest,",
        "settings-registry-tags",
        "readiness:image_registry.keep_tags",
    ),
    (
        "deployment_branch_policy:\n      protected_branches: false",
        "deployment_branch_policy:\n      protected_branches: true",
        "settings-environment-branches",
        "readiness:production_environment.deployment_branch_policy",
    ),
    ("- name: automated", "- name: Dependencies", "settings-repeated-item", "readiness:dependabot.labels[1].name"),
)

THIRD_ENVIRONMENT = """\
      - name: third
        workflow: Third
        workflow_file: third.yml
        job: Third
        target_deployments_per_week: 20
        target_duration_seconds: 300
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The stack with every option on, to break."""
    for name in (FILE, "Pulumi.yaml"):
        shutil.copy(EVERY_OPTION_FILE.parent / name, tmp_path)
    return tmp_path


def test_twelve_independent_mistakes_give_twelve_findings_with_their_lines(project: Path) -> None:
    """No mistake hides another one, whether a field, a rule between settings or a secret is wrong."""
    before = check_stack(project, EVERY_OPTION).problems
    assert not errors_only(before)
    expected: set[tuple[str, int, str, str]] = set()
    for old, new, rule_id, key in MISTAKES:
        line = (project / FILE).read_text(encoding="utf-8").partition(old)[0].count("\n") + 1
        edit(project, old, new, FILE)
        expected.add((FILE, line, rule_id, key))
    findings = errors_only(check_stack(project, EVERY_OPTION).problems)
    assert {(finding.file, finding.line, finding.rule_id, finding.key) for finding in findings} == expected
    assert len(findings) == len(MISTAKES) == 12


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("enforcement: active", "enforcement: evaluated", "readiness:branch_ruleset.enforcement"),
        ("enforcement: active", "enforcment: active", "readiness:branch_ruleset.enforcment"),
        ("app_client_id: Iv23li", "app_client: Iv23li", "readiness:dependabot.auto_merge.app_client"),
        ("    pagerduty:\n", "    pagrduty:\n", "readiness:channels.pagrduty"),
        ("readiness:image_registry:\n", "readiness:image_registri:\n", "readiness:image_registri"),
    ],
)
def test_a_setting_that_is_refused_or_misspelt_is_not_called_missing_by_another_rule(
    project: Path, old: str, new: str, key: str
) -> None:
    """The rules between settings do not know its value, and say nothing of it."""
    edit(project, old, new, FILE)
    assert [finding.key for finding in errors_only(check_stack(project, EVERY_OPTION).problems)] == [key]


def test_an_environment_whose_name_is_refused_hides_no_mistake_of_another_one(project: Path) -> None:
    """Without its own services a rollback of the other environment would not be reported."""
    edit(project, "      - name: try-out\n", "      - name: 7\n", FILE)
    edit(project, "    target_success_ratio: 0.9\n", f"{THIRD_ENVIRONMENT}    target_success_ratio: 0.9\n", FILE)
    keys = [finding.key for finding in errors_only(check_stack(project, EVERY_OPTION).problems)]
    assert keys == [f"readiness:deployment_telemetry.environments[{place}" for place in ("1].name", "2].services")]
