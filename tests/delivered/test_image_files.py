"""The delivered files for the images: valid, clean, pinned, keyless, and running nothing of a run that they follow."""

from __future__ import annotations

import datetime
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml
from check_jsonschema import main as check_jsonschema
from click.testing import CliRunner

from readiness.delivered.image_files import (
    ACTION_PATH,
    OSV_CONFIG_PATH,
    SETTINGS_PATH,
    TRIVY_IGNORE_PATH,
    WORKFLOWS,
)
from readiness.delivered.image_upkeep.__main__ import COMMANDS
from readiness.delivered.image_upkeep.settings import read_settings
from tests.delivered.delivered import files_for_images, image_settings, written, zizmor
from tests.projects import EVERY_OPTION, ROOT

STACKS = ("prod", EVERY_OPTION)
# After the tags were moved on 19 March 2026, on the main branch, and with a version of Trivy from after it too.
TRIVY = "aquasecurity/trivy-action@ed142fd0673e97e23eac54620cfb913e5ce36c25 # v0.36.0"


def workflow(name: str, stack: str = "prod") -> dict[Any, Any]:
    """One of its workflows. YAML 1.1 reads the key `on` as true."""
    document = yaml.safe_load(files_for_images(stack)[f".github/workflows/{name}.yml"])
    document["on"] = document.pop(True)
    return document


def steps_of(document: dict[Any, Any]) -> list[dict[str, Any]]:
    """Every step of every job, or of an action."""
    jobs = document["jobs"].values() if "jobs" in document else [document["runs"]]
    return [step for job in jobs for step in job["steps"]]


def documents() -> dict[str, dict[Any, Any]]:
    """The workflows and the action by name."""
    return {name: workflow(name) for name in WORKFLOWS} | {
        "action": yaml.safe_load(files_for_images("prod")[ACTION_PATH])
    }


def test_the_program_runs_as_delivered(tmp_path: Path) -> None:
    """In its folder, by its settings, with nothing of ours on the path: the gate reads a recorded report."""
    folder = written(tmp_path, files_for_images(EVERY_OPTION)) / ".github" / "readiness"
    report = ROOT / "tests" / "fixtures" / "scans" / "trivy-backend.json"
    settings = folder / SETTINGS_PATH.rpartition("/")[2]
    settings.write_text(re.sub("expires = .*", "expires = 2999-01-01", settings.read_text(encoding="utf-8")))
    catalogue = tmp_path / "known_exploited.json"
    catalogue.write_text('{"vulnerabilities": [{"cveID": "CVE-2001-0001"}]}', encoding="utf-8")
    arguments = ["gate", "--what", "backend", "--known-exploited", str(catalogue), str(report)]
    done = subprocess.run(
        [sys.executable, "-E", "-m", "image_upkeep", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert (done.returncode, done.stderr) == (1, "")
    assert "Accepted: 1." in done.stdout, "the fixture stack accepts the one critical that has a fix"
    errors = [line for line in done.stdout.splitlines() if line.startswith("::error::")]
    assert len(errors) == 1, "and stops on the one without"
    assert "no version fixes it yet" in errors[0]


@pytest.mark.parametrize("stack", STACKS)
def test_the_workflows_and_the_action_are_valid_by_githubs_schema(tmp_path: Path, stack: str) -> None:
    """GitHub shows a broken one as a failed run of each push."""
    folder = written(tmp_path, files_for_images(stack))
    flows = [str(path) for path in sorted((folder / ".github" / "workflows").glob("*.yml"))]
    assert len(flows) == len(WORKFLOWS)
    for schema, paths in (("vendor.github-workflows", flows), ("vendor.github-actions", [str(folder / ACTION_PATH)])):
        result = CliRunner().invoke(check_jsonschema, ["--builtin-schema", schema, *paths])
        assert result.exit_code == 0, result.output


@pytest.mark.parametrize("stack", STACKS)
def test_zizmor_finds_nothing_in_them(tmp_path: Path, stack: str) -> None:
    """In the persona that reports most."""
    result = zizmor(written(tmp_path, files_for_images(stack)) / ".github")
    assert result.returncode == 0, result.stdout + result.stderr


def test_zizmor_would_see_a_trigger_that_nobody_gave_a_reason_for(tmp_path: Path) -> None:
    """The check above can fail; and the one dangerous trigger has the one reason."""
    file = written(tmp_path, files_for_images("prod")) / ".github" / "workflows" / "promote-images.yml"
    text = file.read_text(encoding="utf-8")
    assert len(re.findall(r"zizmor: ignore\[dangerous-triggers\] \w+", "".join(files_for_images("prod").values()))) == 1
    file.write_text(re.sub("# zizmor: ignore.*", "", text), encoding="utf-8")
    assert "dangerous-triggers" in zizmor(tmp_path / ".github").stdout


@pytest.mark.parametrize("name", documents())
def test_actions_are_pinned_by_commit_with_their_version_beside(name: str) -> None:
    """A tag can be moved to other code, as Trivy's were."""
    path = ACTION_PATH if name == "action" else f".github/workflows/{name}.yml"
    for line in files_for_images("prod")[path].splitlines():
        if "uses:" in line and "./" not in line:
            assert re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line), line
        if "trivy-action" in line:
            assert TRIVY in line, line
    for step in steps_of(documents()[name]):
        if "trivy-action" in step.get("uses", ""):
            assert step["with"]["version"] == "v0.74.0", "v0.69.4 was one of the bad ones"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_rights_are_named_at_the_job_and_none_above(name: str) -> None:
    """The default of a repository may be everything."""
    document = workflow(name)
    assert document["permissions"] == {}
    assert document["concurrency"]["cancel-in-progress"] is False
    for job, body in document["jobs"].items():
        assert "permissions" in body, job
        assert body["timeout-minutes"] <= 20
        writes = {right for right, level in body["permissions"].items() if level == "write"}
        assert writes <= {"id-token", "security-events", "issues"}
        assert not {"id-token", "issues"} <= writes, "who writes issues has no access to Google"


@pytest.mark.parametrize("name", documents())
def test_no_expression_is_in_a_script(name: str) -> None:
    """What others write would be run; values reach a script through its environment."""
    for step in steps_of(documents()[name]):
        assert "${{" not in step.get("run", "")
        if str(step.get("uses", "")).startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


def test_nothing_of_the_run_that_promotion_follows_is_checked_out_read_or_run() -> None:
    """The default branch's own script, and not a word of the event."""
    text = files_for_images("prod")[".github/workflows/promote-images.yml"]
    (checkout,) = (step for step in steps_of(workflow("promote-images")) if "checkout" in step.get("uses", ""))
    assert checkout["with"] == {
        "persist-credentials": False, "ref": "trunk", "sparse-checkout": ".github/readiness",
    }  # fmt: skip
    assert "github.event" not in text
    assert "download-artifact" not in text


def test_promotion_runs_after_every_deployment_by_hand_by_call_and_by_the_clock() -> None:
    """However the deployment ended; and a rollback starts no workflow."""
    triggers = workflow("promote-images", EVERY_OPTION)["on"]
    assert triggers["workflow_run"] == {"workflows": ['Ship it: "live"'], "types": ["completed"]}
    assert {"workflow_dispatch", "workflow_call", "schedule"} <= triggers.keys()
    (job,) = workflow("promote-images")["jobs"].values()
    assert job["if"] == "github.repository == 'o/r'", "no condition on the conclusion"


def test_the_report_comes_on_sunday_at_two_and_the_count_on_every_other_day() -> None:
    """The time of docs/customer/seed.md, line 387; the script compares with the other schedule."""
    document = workflow("cleanup-images")
    crons = [trigger["cron"] for trigger in document["on"]["schedule"]]
    assert crons == ["0 2 * * 0", "30 2 * * 1-6"]
    (script,) = (step["run"] for step in steps_of(document) if "run" in step)
    assert f'"$SCHEDULE" = "{crons[1]}"' in script


def test_identities_are_keyless_and_each_has_its_own_job() -> None:
    """No key in any secret: the one secret is the webhook."""
    texts = {name: files_for_images(EVERY_OPTION)[f".github/workflows/{name}.yml"] for name in WORKFLOWS}
    assert "credentials_json" not in "".join(texts.values())
    assert re.findall(r"secrets\.(\w+)", "".join(texts.values())) == ["SLACK_WEBHOOK_URL"]
    for name, account in (
        ("promote-images", "shop-promoter"),
        ("cleanup-images", "shop-reporter"),
        ("scan-serving-images", "shop-scanner"),
    ):
        logins = [step for step in steps_of(workflow(name, EVERY_OPTION)) if "auth@" in step.get("uses", "")]
        accounts = {step["with"]["service_account"] for step in logins}
        assert accounts == {f"{account}@ytgrs-464303.iam.gserviceaccount.com"}


def test_every_command_that_a_workflow_runs_exists() -> None:
    """And every one is run by some workflow."""
    texts = "".join(files_for_images("prod")[path] for path in files_for_images("prod") if path.endswith(".yml"))
    assert set(re.findall(r"-m image_upkeep ([\w-]+)", texts)) == COMMANDS.keys()


def test_the_gate_is_a_step_of_its_own_beside_sarif_and_reads_all_that_was_found() -> None:
    """SARIF drops the filter by severity; a gate on it would stop for any, and one after a filter could not lint."""
    json_scan, sarif_scan, upload, gate = steps_of(documents()["action"])
    assert json_scan["with"]["format"] == "json"
    assert not {"severity", "trivyignores", "ignore-unfixed"} & json_scan["with"].keys()
    assert sarif_scan["with"]["format"] == "sarif"
    assert sarif_scan["with"]["trivyignores"].endswith(TRIVY_IGNORE_PATH.rpartition("/")[2])
    assert {json_scan["with"]["exit-code"], sarif_scan["with"]["exit-code"]} == {"0"}
    assert "upload-sarif" in upload["uses"]
    assert "image_upkeep gate" in gate["run"]
    assert "if" not in gate
    assert "continue-on-error" not in gate


def test_the_gate_on_lock_files_runs_whatever_the_scanner_says() -> None:
    """osv-scanner ends with 1 for any vulnerability; without a report the gate fails."""
    *scans, gate = workflow("scan")["jobs"]["lockfiles"]["steps"]
    assert [step.get("continue-on-error") for step in scans if "osv-scanner" in step.get("uses", "")] == [True, True]
    assert "continue-on-error" not in gate
    assert "osv-report.json" in gate["run"]
    configured = [step["with"]["scan-args"] for step in scans if "--format=sarif" in str(step.get("with"))]
    assert f"--config={OSV_CONFIG_PATH}" in configured[0]


def test_the_settings_arrive_as_the_program_reads_them(tmp_path: Path) -> None:
    """Every one of them, the accepted vulnerabilities with their days."""
    settings = read_settings(written(tmp_path, files_for_images(EVERY_OPTION)) / SETTINGS_PATH)
    section = image_settings(EVERY_OPTION)
    assert (settings.project, settings.services) == ("some-project", ("api", "web"))
    assert settings.images == "us-central1-docker.pkg.dev/some-project/images/"
    assert settings.region == "us-central1"
    assert settings.max_deleted_versions == section.max_deleted_versions == 250
    got = [(entry.id, entry.package, entry.reason, entry.expires.isoformat()) for entry in settings.accepted]
    assert got == [(entry.id, entry.package, entry.reason, entry.expires) for entry in section.accepted_vulnerabilities]


def test_both_scanners_lists_are_made_from_the_one_list() -> None:
    """Trivy's by package; osv-scanner's by vulnerability, with the earlier day where two packages have it."""
    entries = image_settings(EVERY_OPTION).accepted_vulnerabilities
    trivy = yaml.safe_load(files_for_images(EVERY_OPTION)[TRIVY_IGNORE_PATH])["vulnerabilities"]
    assert [(entry["id"], entry["purls"], entry["statement"]) for entry in trivy] == [
        (entry.id, [entry.package], entry.reason) for entry in entries
    ]
    days = [datetime.date.fromisoformat(entry.expires) for entry in entries]
    assert [entry["expired_at"] for entry in trivy] == days, "a day in quotes would be no day to Trivy"
    osv = tomllib.loads(files_for_images(EVERY_OPTION)[OSV_CONFIG_PATH])["IgnoredVulns"]
    assert [(entry["id"], entry["ignoreUntil"]) for entry in osv] == [
        ("CVE-2024-45490", min(days[0], days[2])),
        ("GHSA-9wv6-86v2-598j", days[1]),
    ]
    assert all(entry.reason in json.dumps(osv, default=str).replace('\\"', '"') for entry in entries)


def test_no_placeholder_is_left() -> None:
    """Each has been filled in, and no file contains the name of one."""
    names = "OWNER/REPOSITORY|DEFAULT_BRANCH|PRODUCTION_WORKFLOW|IDENTITY_PROVIDER|[A-Z]+_IDENTITY"
    for path, text in files_for_images("prod").items():
        assert not re.search(rf"\b({names})\b", text), path


def test_the_weekly_scan_pulls_by_digest_and_keeps_its_reports() -> None:
    """The very images that serve, and one artefact for each."""
    document = workflow("scan-serving-images")
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", document["on"]["schedule"][0]["cron"])
    scan = document["jobs"]["scan"]
    assert scan["strategy"]["matrix"]["image"] == "${{ fromJSON(needs.serving.outputs.images) }}"
    trivy, upload = (step for step in scan["steps"] if "auth@" not in step["uses"])
    assert trivy["with"]["image-ref"] == "${{ matrix.image.image }}"
    assert upload["with"]["if-no-files-found"] == "error"
    for job in ("findings", "issues"):
        assert document["jobs"][job]["needs"] == ["serving", "scan"], "after a scan that failed nothing is counted"
        assert "if" not in document["jobs"][job]
