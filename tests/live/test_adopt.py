"""Existing resources are adopted as they are, never made a second time, and those that cannot be adopted are named."""

from __future__ import annotations

import json
from typing import Any

import pytest

from readiness import resource_types as types
from readiness.live.adopt import Adoption, LiveResources, adoption, import_file, read_live_resources
from readiness.live.github_api import GitHub, GitHubError
from readiness.live.google_api import ENDPOINTS, Google, GoogleError, endpoints_of
from readiness.plan.offline_plan import Plan
from readiness.settings.channels import CHANNEL_DEFINITIONS
from tests.live.loopback import Reply, Request, serving

PROJECT = "projects/ytgrs-464303"
REPOSITORY = f"{PROJECT}/locations/us-central1/repositories/ai-resume-review-v2"


def channel(number: int, kind: str, name: str, **labels: str) -> dict[str, Any]:
    """A notification channel."""
    identity = f"{PROJECT}/notificationChannels/{number}"
    return {"name": identity, "type": kind, "displayName": name, "labels": labels}


def policy(number: int, name: str) -> dict[str, Any]:
    """An alert policy."""
    return {"name": f"{PROJECT}/alertPolicies/{number}", "displayName": name, "conditions": [{"displayName": "old"}]}


CUSTOMER: LiveResources = {
    types.CHANNEL: [
        channel(1, "webhook_tokenauth", "AI Resume Review - Slack Alerts", url="[hidden]"),
        channel(2, "email", "AI Resume Review - Email Alerts", email_address="ops@example.com"),
    ],
    types.ALERT_POLICY: [
        policy(11, "[Critical] Service Downtime Alert"),
        policy(12, "[Critical] High Error Rate Alert"),
        policy(13, "[Critical] Database Connection Issues"),
        policy(14, "Somebody else's policy"),
    ],
    types.UPTIME_CHECK: [{"name": f"{PROJECT}/uptimeCheckConfigs/backend", "displayName": "Backend Health Check"}],
    types.LOG_METRIC: [{"name": "failed_login_attempts"}],
    types.REGISTRY: [{"name": REPOSITORY}, {"name": f"{REPOSITORY}-other"}],
    types.ENVIRONMENT: [{"name": "production"}],
    types.BRANCH_POLICY: [],
    types.LABEL: [{"name": "bug"}, {"name": "Dependencies"}],
    types.REPOSITORY_SECRET: [{"name": "SLACK_WEBHOOK_URL"}],
}


def adopted(plan: Plan, live: LiveResources = CUSTOMER, *, owner: bool = True) -> Adoption:
    """What is matched for a plan."""
    return adoption(plan.resources, live, adopts_old_policies=owner)


def ids(found: Adoption) -> dict[str, str]:
    """Id of the adopted resource, by the resource's name."""
    return {resource["name"]: identity for resource, identity in found.imports}


def test_the_customers_things_are_matched_with_what_the_owner_declares(plans: dict[str, Plan]) -> None:
    """By id, address, name, and for the old script's policies by their display names."""
    assert ids(adopted(plans["prod"])) == {
        "alerts-database-connection-errors": f"{PROJECT}/alertPolicies/13",
        "alerts-high-error-rate": f"{PROJECT}/alertPolicies/12",
        "channels-email-ops@example.com": f"{PROJECT}/notificationChannels/2",
        "dependabot-label-dependencies": "ai-resume-review-v2:Dependencies",
        "images-repository": REPOSITORY,
        "production-environment-guard": "ai-resume-review-v2:production",
    }


def test_the_other_stack_takes_nothing_of_production(plans: dict[str, Plan]) -> None:
    """The old policies watch production, and the shared things are the owner's."""
    assert ids(adopted(plans["staging"], owner=False)) == {}


def test_nothing_exists_and_nothing_is_imported(plans: dict[str, Plan]) -> None:
    """A new project: the import file is empty, and everything is created."""
    found = adopted(plans["prod"], {})
    assert (found.imports, found.notes, found.ambiguous) == ((), (), ())
    assert import_file(plans["prod"].resources, found.imports) == {"resources": []}


def test_what_cannot_be_imported_is_named_with_its_reason(plans: dict[str, Plan]) -> None:
    """The Slack channel of the wrong type, the downtime policy, the uptime check; nothing of other people's."""
    notes = adopted(plans["prod"]).notes
    assert [note.partition(" (")[0].rpartition("/")[2] for note in notes] == ["1", "11", "backend"]
    assert "does not accept" in notes[0]
    assert not any("Somebody" in note for note in notes)


def test_a_slack_channel_is_not_imported_because_its_token_is_hidden(plans: dict[str, Plan]) -> None:
    """An import would write Google's obfuscated token into the state."""
    live = {types.CHANNEL: [channel(5, "slack", "old slack", channel_name="#shop-alerts")]}
    found = adopted(plans["every-option"], live)
    assert found.imports == ()
    assert "token" in found.notes[0]


def planned_channel(kind: str, labels: dict[str, str], *, has_secret: bool = False) -> dict[str, Any]:
    """A declared channel as a plan shows it."""
    inputs = {"type": kind, "labels": labels, "userLabels": {"environment": "production", "managed_by": "readiness"}}
    if has_secret:
        inputs["sensitiveLabels"] = {"authToken": "[secret]"}
    return {"type": types.CHANNEL, "name": f"channels-{kind}", "urn": f"urn::{kind}", "parent": "", "inputs": inputs}


def test_a_channel_of_any_kind_is_matched_by_its_labels() -> None:
    """Adding a kind needs no edit here."""
    topic = "projects/shop-1234/topics/incidents"
    others = [channel(6, "pubsub", "other", topic=f"{topic}-2"), channel(7, "email", "e-mail", topic=topic)]
    live = {types.CHANNEL: [channel(5, "pubsub", "incidents", topic=topic), *others]}
    found = adoption([planned_channel("pubsub", {"topic": topic})], live, adopts_old_policies=False)
    assert ids(found) == {"channels-pubsub": f"{PROJECT}/notificationChannels/5"}


def test_a_channel_without_labels_matches_none() -> None:
    """Nothing says that two such channels lead to the same place."""
    live = {types.CHANNEL: [channel(5, "webhook", "hook")]}
    assert ids(adoption([planned_channel("webhook", {})], live, adopts_old_policies=False)) == {}


@pytest.mark.parametrize("kind", [definition.kind for definition in CHANNEL_DEFINITIONS if definition.secrets])
def test_a_channel_with_a_secret_is_not_imported_and_is_named(kind: str) -> None:
    """Google hides Slack's token and PagerDuty's key: an import would write what it shows in place of the secret."""
    live = {types.CHANNEL: [channel(5, kind, "old", channel_name="#shop-alerts")]}
    planned = planned_channel(kind, {"channel_name": "#shop-alerts"}, has_secret=True)
    found = adoption([planned], live, adopts_old_policies=False)
    assert found.imports == ()
    assert found.notes == (
        f"{PROJECT}/notificationChannels/5 (old): cannot be imported, because Google hides its token or key",
    )


def test_our_own_policy_is_preferred_to_the_old_one_and_the_old_one_is_named(plans: dict[str, Plan]) -> None:
    """A stack whose state was lost finds what it made; the script's leftovers are for a person."""
    live = {**CUSTOMER, types.ALERT_POLICY: [*CUSTOMER[types.ALERT_POLICY], policy(20, "High error rate (production)")]}
    found = adopted(plans["prod"], live)
    assert ids(found)["alerts-high-error-rate"] == f"{PROJECT}/alertPolicies/20"
    assert any("/12 " in note for note in found.notes)


def test_two_candidates_are_ambiguous_and_both_are_named(plans: dict[str, Plan]) -> None:
    """The old script makes a second channel each time it is run; picking one would be a guess."""
    twice = [*CUSTOMER[types.CHANNEL], channel(3, "email", "again", email_address="OPS@example.com")]
    found = adopted(plans["prod"], {**CUSTOMER, types.CHANNEL: twice})
    [ambiguous] = found.ambiguous
    assert ambiguous.startswith("channels-email-ops@example.com: 2 live resources match")
    assert "notificationChannels/2" in ambiguous
    assert "notificationChannels/3" in ambiguous


def test_a_channel_of_the_other_environment_is_not_taken(plans: dict[str, Plan]) -> None:
    """Both stacks may write to one address, each with a channel of its own."""
    other = {**channel(4, "email", "E-mail", email_address="ops@example.com"), "userLabels": {"environment": "staging"}}
    assert ids(adopted(plans["prod"], {types.CHANNEL: [other]})) == {}


def test_the_import_file_holds_the_components_above_before_their_children(plans: dict[str, Plan]) -> None:
    """Else the imported thing has no parent in the state, and the next update makes it again under another URN."""
    resources = plans["prod"].resources
    entries = import_file(resources, adopted(plans["prod"]).imports)["resources"]
    names = [entry["name"] for entry in entries]
    assert len(names) == len(set(names)), "names are unique in the file"
    for entry in entries:
        if "parent" in entry:
            assert names.index(entry["parent"]) < names.index(entry["name"])
    registry = next(entry for entry in entries if entry.get("id") == REPOSITORY)
    assert (registry["logicalName"], registry["parent"]) == ("images-repository", "images-imageregistry")
    images = next(entry for entry in entries if entry["name"] == "images-imageregistry")
    assert images["component"] is True
    assert "parent" not in images, "it is declared at the top"


def test_components_have_no_id_and_resources_have_their_providers_version(plans: dict[str, Plan]) -> None:
    """A component exists in the state only."""
    for entry in import_file(plans["prod"].resources, adopted(plans["prod"]).imports)["resources"]:
        assert ("id" in entry) is not entry.get("component", False)
        assert ("version" in entry) is not entry.get("component", False)


def answering(listings: dict[str, Any]) -> Any:
    """A server for Google and GitHub: the listing whose path ends the request's, 404 for what is not listed."""

    def answer(asked: Request) -> Reply:
        path = asked.path.partition("?")[0]
        found = next((body for end, body in listings.items() if path.endswith(end)), None)
        if isinstance(found, Reply):
            return found
        return Reply(404, {"message": "Not Found"}) if found is None else Reply(200, found)

    return answer


SERVICE = "ai-resume-review-v2-backend-prod"
ACCOUNT = "arr-v2-migrate-prod@ytgrs-464303.iam.gserviceaccount.com"
NUMBERED = "projects/864523342928"  # as Google writes the project into what belongs to it
LISTINGS: dict[str, Any] = {
    "/notificationChannels": {"notificationChannels": list(CUSTOMER[types.CHANNEL])},
    "/alertPolicies": {"alertPolicies": list(CUSTOMER[types.ALERT_POLICY])},
    "/uptimeCheckConfigs": {"uptimeCheckConfigs": list(CUSTOMER[types.UPTIME_CHECK])},
    "/services": {"services": [{"name": f"{NUMBERED}/services/{SERVICE}"}, {"name": f"{NUMBERED}/services/other"}]},
    f"/services/{SERVICE}/serviceLevelObjectives": {
        "serviceLevelObjectives": [{"name": f"{NUMBERED}/services/{SERVICE}/serviceLevelObjectives/availability"}]
    },
    "/projects/ytgrs-464303/dashboards": {
        "dashboards": [{"name": f"{NUMBERED}/dashboards/9", "displayName": "Deployments (ai-resume-review-v2)"}]
    },
    "/sinks": {"sinks": [{"name": "_Default"}, {"name": "readiness-deployments"}]},
    "/serviceAccounts": {"accounts": [{"name": f"{PROJECT}/serviceAccounts/{ACCOUNT}", "email": ACCOUNT}]},
    "/jobs": {"jobs": [{"name": f"{PROJECT}/locations/us-central1/jobs/ai-resume-review-v2-migrate-prod"}]},
    "/rulesets": [
        {"id": 3, "name": "Default branch", "source_type": "Organization"},
        {"id": 4, "name": "Default branch", "source_type": "Repository"},
    ],
    "/metrics": {"metrics": list(CUSTOMER[types.LOG_METRIC])},
    "/repositories": {"repositories": list(CUSTOMER[types.REGISTRY])},
    "/environments/production": {"name": "production"},
    "/deployment-branch-policies": {"branch_policies": [{"id": 7, "name": "main"}]},
    "/labels": list(CUSTOMER[types.LABEL]),
    "/actions/secrets": {"secrets": list(CUSTOMER[types.REPOSITORY_SECRET])},
}


def read(plan: Plan, listings: dict[str, Any]) -> LiveResources:
    """What is read from a loopback server that lists this."""
    with serving(answering(listings)) as server:
        google = Google(
            project="ytgrs-464303",
            token="placeholder",  # noqa: S106 - no credential
            endpoints={api: f"{server.url}/{api}/" for api in ENDPOINTS},
        )
        github = GitHub(owner="o", repository="r", api_url=server.url)
        return read_live_resources(google, github, region="us-central1", resources=plan.resources)


def test_live_resources_are_read_from_google_and_github(plans: dict[str, Plan]) -> None:
    """And then matched: the branch policy by its own number."""
    live = read(plans["prod"], LISTINGS)
    assert live[types.ALERT_POLICY] == CUSTOMER[types.ALERT_POLICY]
    assert ids(adopted(plans["prod"], live))["production-environment-guard-branch-main"] == (
        "ai-resume-review-v2:production:7"
    )


def test_what_a_lost_state_had_made_under_names_is_matched_by_them(plans: dict[str, Plan]) -> None:
    """Otherwise the next update fails because they exist, or makes a second dashboard, check and ruleset."""
    check = next(resource for resource in plans["prod"].resources if resource["type"].endswith(":UptimeCheckConfig"))
    ours = {"name": f"{PROJECT}/uptimeCheckConfigs/5", "displayName": check["inputs"]["displayName"]}
    live = read(plans["prod"], {**LISTINGS, "/uptimeCheckConfigs": {"uptimeCheckConfigs": [ours]}})
    expected = {
        check["name"]: f"{PROJECT}/uptimeCheckConfigs/5",
        f"availability-objectives-{SERVICE}": f"{NUMBERED}/services/{SERVICE}",
        "deployment-dashboard-dashboard": f"{PROJECT}/dashboards/9",
        "deployment-log-sink": f"{PROJECT}/sinks/readiness-deployments",
        "migration-job-account": f"{PROJECT}/serviceAccounts/{ACCOUNT}",
        "migration-job-job": f"{PROJECT}/locations/us-central1/jobs/ai-resume-review-v2-migrate-prod",
        "branch-ruleset-default-branch": "ai-resume-review-v2:4",
    }
    found = ids(adopted(plans["prod"], live))
    assert {name: found.get(name) for name in expected} == expected


def test_an_objective_is_not_imported_and_the_command_that_deletes_it_is_named(plans: dict[str, Plan]) -> None:
    """The provider does not read its service back: an imported one would be replaced, under an id that is taken."""
    objective = f"{NUMBERED}/services/{SERVICE}/serviceLevelObjectives/availability"
    live = {types.OBJECTIVE: [{"name": objective}, {"name": f"{objective}-of-others"}]}
    found = adopted(plans["prod"], live)
    assert found.imports == ()
    [note] = found.notes
    assert note.startswith(f"{objective}: ")
    assert note.endswith(f"https://monitoring.googleapis.com/v3/{objective}")


def test_a_stack_without_github_resources_asks_github_nothing(plans: dict[str, Plan]) -> None:
    """Staging needs no token of GitHub's."""
    live = read(plans["staging"], {key: value for key, value in LISTINGS.items() if "/env" not in key})
    assert not any(live.get(type_) for type_ in (types.LABEL, types.REPOSITORY_SECRET, types.ENVIRONMENT))


def test_secrets_are_listed_for_a_stack_that_declares_one_only(plans: dict[str, Plan]) -> None:
    """It takes a right that nobody else needs; their list is read to its end."""
    refused = {**LISTINGS, "/actions/secrets": Reply(403, {"message": "Resource not accessible"})}
    assert types.REPOSITORY_SECRET not in read(plans["prod"], refused)
    with pytest.raises(GitHubError, match="not accessible"):
        read(plans["every-option"], refused)


def test_an_api_that_was_never_enabled_has_no_resources(plans: dict[str, Plan]) -> None:
    """Google refuses to list from it; that is an empty list, not a failure."""
    off = Reply(403, {"error": {"message": "Artifact Registry API has not been used in project 1 before"}})
    assert read(plans["prod"], {**LISTINGS, "/repositories": off})[types.REGISTRY] == ()


def test_a_refusal_of_the_apis_is_not_taken_for_nothing(plans: dict[str, Plan]) -> None:
    """Without the right to list, everything would look new, and be made a second time."""
    denied = Reply(403, {"error": {"message": "Permission 'monitoring.alertPolicies.list' denied"}})
    with pytest.raises(GoogleError, match="denied"):
        read(plans["prod"], {**LISTINGS, "/alertPolicies": denied})


def test_listings_are_read_over_all_of_their_pages() -> None:
    """Google names the next page by a token."""

    def answer(asked: Request) -> Reply:
        first = "pageToken" not in asked.path
        return Reply(200, {"metrics": [{"name": "a" if first else "b"}], **({"nextPageToken": "x&y"} if first else {})})

    with serving(answer) as server:
        google = Google(project="p", token="placeholder", endpoints={"logging": server.url})  # noqa: S106 - none
        assert [item["name"] for item in google.items("logging", "projects/p/metrics", "metrics")] == ["a", "b"]
    assert server.requests[1].path.endswith("pageToken=x%26y")


def test_no_answer_and_an_answer_that_is_no_json_are_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither shows the token."""
    monkeypatch.setattr("readiness.delivered.http_client.MAX_TRIES", 1)
    google = Google(project="p", token="placeholder-token", endpoints={"logging": "http://127.0.0.1:1"})  # noqa: S106
    with pytest.raises(GoogleError, match="no answer") as refused:
        google.get("logging", "x")
    assert "placeholder-token" not in str(refused.value) + repr(google)
    with serving(lambda _: Reply(500, "<html>")) as server, pytest.raises(GoogleError, match="500"):
        Google(project="p", token="placeholder", endpoints={"logging": server.url}).get("logging", "x")  # noqa: S106
    with serving(lambda _: Reply(200, "<html>")) as server, pytest.raises(GoogleError, match="not a JSON object"):
        Google(project="p", token="placeholder", endpoints={"logging": server.url}).get("logging", "x")  # noqa: S106


def test_a_stacks_own_endpoints_stand_in_for_googles() -> None:
    """With or without the version, as the provider takes them."""
    found = endpoints_of({"gcp:monitoringCustomEndpoint": "http://h/m/", "gcp:loggingCustomEndpoint": "http://h/v2"})
    assert found["monitoring"] == "http://h/m/v3/"
    assert found["logging"] == "http://h/v2/"
    assert found["dashboards"] == "http://h/m/v1/", "the same API, in another version"
    assert found["artifactRegistry"].startswith("https://")


def test_the_import_file_is_json_that_the_engine_reads(plans: dict[str, Plan]) -> None:
    """Only keys of the engine's import file (pkg/importer in pulumi/pulumi)."""
    known = {"type", "name", "logicalName", "parent", "id", "version", "component"}
    text = json.dumps(import_file(plans["prod"].resources, adopted(plans["prod"]).imports))
    assert {key for entry in json.loads(text)["resources"] for key in entry} <= known
