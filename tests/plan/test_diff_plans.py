"""What a change does to a plan: created, updated, replaced, deleted, moved, and in which order the diff shows it."""

from __future__ import annotations

import pytest

from readiness.finding import RefusedError
from readiness.plan.engine_rules import replacement_fields
from readiness.plan.field_changes import ABSENT
from readiness.plan.offline_plan import Plan
from readiness.plan.plan_diff import Action, ResourceChange, StackDiff
from readiness.plan.weakening import weakenings
from readiness.resource_types import ALERT_POLICY, API, AUDIT_CONFIG, LOG_BUCKET, REPOSITORY_FILE
from tests.plan.diff_plans import PlanValue, diff_of, plan_value, planted, query_of, resource, value_of
from tests.projects import STACKS

METRIC = "gcp:logging/metric:Metric"
REPOSITORY = "gcp:artifactregistry/repository:Repository"
BRANCH = "github:index/repositoryEnvironmentDeploymentPolicy:RepositoryEnvironmentDeploymentPolicy"
ENVIRONMENT = "github:index/repositoryEnvironment:RepositoryEnvironment"
UPTIME = "gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig"


def only(diff: StackDiff) -> ResourceChange:
    """The one change of a diff."""
    (change,) = diff.changes
    return change


@pytest.mark.parametrize("stack", STACKS)
def test_a_plan_does_not_differ_from_itself(stack: str, plans: dict[str, Plan]) -> None:
    """Of every stack of ours, the one with every option included."""
    value = value_of(plans[stack])
    assert diff_of(value, value).is_empty


def test_the_order_in_which_a_plan_lists_its_resources_makes_no_difference(plans: dict[str, Plan]) -> None:
    """It changes neither the content of the diff nor its order."""

    def plant(resources: dict[str, PlanValue], _plan: PlanValue) -> None:
        query_of(resources["alerts-high-latency"])["duration"] = "600s"
        resources["dependabot-label-dependencies"]["inputs"]["color"] = "000000"

    expected = planted(plans["prod"], plant)

    def plant_reversed(resources: dict[str, PlanValue], plan: PlanValue) -> None:
        plant(resources, plan)
        plan["resources"].reverse()

    assert planted(plans["prod"], plant_reversed).changes == expected.changes
    assert [change.resource.name for change in expected.changes] == [
        "alerts-high-latency", "dependabot-label-dependencies",
    ]  # fmt: skip


def test_what_one_direction_creates_the_other_deletes(plans: dict[str, Plan]) -> None:
    """Resource by resource."""
    small, large = (value_of(plans["staging"]) for _ in range(2))
    gone = [declared for declared in small["resources"] if declared["type"] == METRIC]
    small["resources"] = [declared for declared in small["resources"] if declared not in gone]
    created, deleted = diff_of(small, large).changes, diff_of(large, small).changes
    assert [(change.action, change.old) for change in created] == [(Action.CREATE, None)] * len(gone)
    assert [(change.action, change.new) for change in deleted] == [(Action.DELETE, None)] * len(gone)
    assert [change.new for change in created] == [change.old for change in deleted]


def test_an_update_names_each_field_by_its_path_with_both_values(plans: dict[str, Plan]) -> None:
    """Down to the field itself, inside lists too."""

    def plant(resources: dict[str, PlanValue], _plan: PlanValue) -> None:
        policy = resources["alerts-high-latency"]
        query_of(policy)["duration"] = "600s"
        policy["inputs"]["userLabels"]["team"] = "web"

    change = only(planted(plans["prod"], plant))
    assert change.action is Action.UPDATE
    assert [(item.path, item.old, item.new) for item in change.inputs] == [
        ("conditions[0].conditionPrometheusQueryLanguage.duration", "330s", "600s"),
        ("userLabels.team", ABSENT, "web"),
    ]


def test_an_entry_of_a_list_is_compared_with_the_one_of_its_name(plans: dict[str, Plan]) -> None:
    """A cleanup policy that is put first changes none of the others."""

    def plant(resources: dict[str, PlanValue], _plan: PlanValue) -> None:
        policies = resources["images-repository"]["inputs"]["cleanupPolicies"]
        keep = next(policy for policy in policies if policy["id"] == "keep-recent-backend")
        keep["mostRecentVersions"]["keepCount"] = 9
        policies.insert(0, policies.pop())

    change = only(planted(plans["prod"], plant))
    assert [item.path for item in change.inputs] == [
        "cleanupPolicies[keep-recent-backend].mostRecentVersions.keepCount"
    ]


@pytest.mark.parametrize(
    ("type_", "old", "new", "replacing"),
    [
        (REPOSITORY, {"format": "DOCKER"}, {"format": "MAVEN"}, ["format"]),
        (REPOSITORY, {"location": "a"}, {"location": "b"}, ["location"]),
        (REPOSITORY, {}, {"location": "b"}, []),
        (REPOSITORY, {}, {"mode": "STANDARD_REPOSITORY"}, []),
        (REPOSITORY, {}, {"mode": "VIRTUAL_REPOSITORY"}, ["mode"]),
        (REPOSITORY, {"cleanupPolicyDryRun": True}, {"cleanupPolicyDryRun": False}, []),
        (METRIC, {"project": "a", "name": "x"}, {"project": "b", "name": "x"}, ["project"]),
        (METRIC, {"name": "x"}, {"name": "y"}, []),
        (METRIC, {"metricDescriptor": {"unit": "1"}}, {"metricDescriptor": {"unit": "s"}}, []),
        (METRIC, {"metricDescriptor": {"labels": [{"key": "a", "description": "b"}]}},
         {"metricDescriptor": {"labels": [{"key": "a", "description": "c"}]}},
         ["metricDescriptor.labels[0].description"]),
        (METRIC, {"metricDescriptor": {"labels": [{"key": "a"}]}},
         {"metricDescriptor": {"labels": [{"key": "a", "valueType": "STRING"}]}}, []),
        ("gcp:monitoring/customService:CustomService", {"serviceId": "a"}, {}, []),
        (UPTIME, {"monitoredResource": {"labels": {"host": "a"}}}, {"monitoredResource": {"labels": {"host": "b"}}},
         ["monitoredResource.labels.host"]),
        (UPTIME, {"httpCheck": {"path": "/"}}, {"httpCheck": {"path": "/", "requestMethod": "GET"}}, []),
        (ENVIRONMENT, {"environment": "production"}, {"environment": "Production"}, ["environment"]),
        (ENVIRONMENT, {"waitTimer": 1}, {"waitTimer": 2}, []),
        (BRANCH, {"branchPattern": "main"}, {"branchPattern": "trunk"}, []),
        (BRANCH, {"branchPattern": "main"}, {"tagPattern": "v*"}, ["branchPattern", "tagPattern"]),
        ("gcp:projects/service:Service", {"service": "a"}, {"service": "b"}, ["service"]),
    ],
)  # fmt: skip
def test_the_provider_s_own_list_distinguishes_a_replacement_from_an_update(
    type_: str, old: PlanValue, new: PlanValue, replacing: list[str]
) -> None:
    """What the provider fills in by itself, or takes for the same, replaces nothing."""
    change = only(diff_of(plan_value(resource(type_, old)), plan_value(resource(type_, new))))
    assert list(change.replacing) == replacing
    assert change.action is (Action.REPLACE if replacing else Action.UPDATE)


def test_a_field_that_the_program_says_replaces_does() -> None:
    """`replaceOnChanges` of the resource's own options."""
    options = {"replaceOnChanges": ["filter"]}
    old, new = (plan_value(resource(METRIC, {"filter": item}, options=options)) for item in ("a", "b"))
    assert only(diff_of(old, new)).action is Action.REPLACE


def test_a_note_of_the_provider_stands_with_the_field_that_it_is_about() -> None:
    """A metric's new name leaves the old metric where it is."""
    old, new = (plan_value(resource(METRIC, {"name": item})) for item in ("a", "b"))
    assert only(diff_of(old, new)).notes == (
        "the provider writes the metric under its new name, and the one under the old name stays",
    )


def test_every_type_that_our_plans_declare_has_a_list(plans: dict[str, Plan]) -> None:
    """A type without one would count as never replaced."""
    declared = {resource["type"] for plan in plans.values() for resource in plan.resources if "/" in resource["type"]}
    assert declared <= replacement_fields().keys()


@pytest.mark.parametrize("action", [Action.DELETE, Action.REPLACE])
def test_the_loss_of_something_protected_is_known_by_what_it_was(action: Action, plans: dict[str, Plan]) -> None:
    """Also where the same change takes the protection away."""

    def plant(resources: dict[str, PlanValue], plan: PlanValue) -> None:
        if action is Action.DELETE:
            plan["resources"].remove(resources["images-repository"])
        else:
            resources["images-repository"]["inputs"]["format"] = "MAVEN"
            del resources["images-repository"]["options"]["protect"]

    change = only(planted(plans["prod"], plant))
    assert change.action is action
    assert change.is_protected_loss


@pytest.mark.parametrize("renamed", [True, False])
def test_a_job_with_deletion_protection_that_goes_needs_acknowledgement_and_names_the_commands(
    renamed: bool, plans: dict[str, Plan]
) -> None:
    """The engine's own protection apart: a plan of the first version had none."""

    def plant(resources: dict[str, PlanValue], plan: PlanValue) -> None:
        if renamed:
            resources["migration-job-job"]["inputs"]["name"] = "another"
        else:
            plan["resources"].remove(resources["migration-job-job"])

    old, new = value_of(plans["staging"]), value_of(plans["staging"])
    for value in (old, new):
        named = {declared["name"]: declared for declared in value["resources"]}
        del named["migration-job-job"]["options"]["protect"]
    plant(named, new)
    diff = diff_of(old, new)
    judged = [weakening for weakening in weakenings(diff) if weakening.name == "migration-job-job"]
    [(found, reason)] = [(item, reason) for item in judged for reason in item.reasons if "is protected" in reason]
    assert reason.startswith(f"is protected and would be {'replaced' if renamed else 'deleted'}, which `readiness up`")
    job = "ai-resume-review-v2-migrate-staging"
    assert f"`gcloud run jobs delete {job} --project=ytgrs-464303 --region=us-central1`" in reason
    assert f"`pulumi refresh --yes --stack staging --target '{found.urn}'`" in reason


def test_an_option_alone_sends_nothing() -> None:
    """Only the engine learns of it."""
    old, new = (plan_value(resource(METRIC, {}, options=options)) for options in ({"protect": True}, None))
    change = only(diff_of(old, new))
    assert change.action is Action.OTHER
    assert [(option.path, option.old, option.new) for option in change.options] == [("protect", True, ABSENT)]


def test_a_version_of_the_sdk_is_shown_once_and_changes_no_resource(plans: dict[str, Plan]) -> None:
    """It is in every resource; an update of the requirements would hide everything else."""

    def plant(resources: dict[str, PlanValue], _plan: PlanValue) -> None:
        for entry in resources.values():
            if entry["type"].startswith("gcp:"):
                entry["options"]["version"] = "10.3.0"

    diff = planted(plans["prod"], plant)
    assert diff.changes == ()
    assert diff.provider_versions == (("gcp", plans["prod"].resources[1]["options"]["version"], "10.3.0"),)


def test_the_words_of_a_component_are_told_and_its_groups_are_not(plans: dict[str, Plan]) -> None:
    """The diff names who may approve."""

    def plant(resources: dict[str, PlanValue], plan: PlanValue) -> None:
        resources["production-environment"]["inputs"]["reviewers"][0] = "user ada (id 1001)"
        plan["resources"].append(resource("readiness:alerting:Group", {}, name="group"))

    change = only(planted(plans["prod"], plant))
    assert (change.action, change.resource.name) == (Action.OTHER, "production-environment")


def test_outputs_that_change_are_shown() -> None:
    """Other tools read them."""
    diff = diff_of(plan_value(outputs={"runbook": "a"}), plan_value(outputs={"runbook": "b"}))
    assert [(output.path, output.old, output.new) for output in diff.outputs] == [("runbook", "a", "b")]


@pytest.mark.parametrize(
    "alias",
    [
        {"spec": {"name": "it", "parentUrn": ""}},
        {"urn": "urn:pulumi:prod::readiness::gcp:logging/metric:Metric::it"},
        {"spec": {"name": "it", "noParent": True}},
    ],
)
def test_a_resource_that_names_its_former_self_is_moved_and_not_made_anew(alias: PlanValue) -> None:
    """By name, by URN, by another parent."""
    old = plan_value(resource(METRIC, {"filter": "a"}))
    new = plan_value(resource(METRIC, {"filter": "a"}, name="renamed", options={"aliases": [alias]}))
    change = only(diff_of(old, new))
    assert (change.action, change.moved_from) == (Action.OTHER, old["resources"][0]["urn"])
    without = plan_value(resource(METRIC, {"filter": "a"}, name="renamed"))
    assert [item.action for item in diff_of(old, without).changes] == [Action.DELETE, Action.CREATE]


def test_the_children_of_a_renamed_component_move_with_it() -> None:
    """In its chain of types and in a name that begins with the component's, as the engine has it."""

    def component(name: str, type_: str, options: PlanValue) -> list[PlanValue]:
        parent = resource(type_, {}, name=name, options=options)
        child = resource(METRIC, {"filter": "a"}, name=f"{name}-metric")
        child["parent"] = parent["urn"]
        child["urn"] = f"urn:pulumi:prod::readiness::{type_}${METRIC}::{name}-metric"
        return [parent, child]

    old = plan_value(*component("old", "readiness:a:Old", {}))
    alias = {"aliases": [{"spec": {"name": "old", "type": "readiness:a:Old", "parentUrn": ""}}]}
    diff = diff_of(old, plan_value(*component("new", "readiness:a:New", alias)))
    assert {change.moved_from for change in diff.changes} == {declared["urn"] for declared in old["resources"]}
    assert {change.action for change in diff.changes} == {Action.OTHER}


def test_a_resource_that_stood_alone_is_found_by_an_alias_without_a_parent() -> None:
    """It was put into a component."""
    old = resource(METRIC, {"filter": "a"})
    parent = resource("readiness:a:Group", {}, name="group")
    child = resource(METRIC, {"filter": "a"}, options={"aliases": [{"spec": {"noParent": True}}]})
    child |= {"parent": parent["urn"], "urn": f"urn:pulumi:prod::readiness::readiness:a:Group${METRIC}::it"}
    assert only(diff_of(plan_value(old), plan_value(parent, child))).moved_from == old["urn"]


def test_the_most_severe_change_comes_first() -> None:
    """Replaced, deleted, updated, created, then "no change sent"."""
    old = [resource(METRIC, {"project": "a", "filter": "a"}, name=name) for name in "dcb"]
    new = [
        resource(METRIC, {"project": "a", "filter": "a"}, name="b", options={"protect": True}),
        resource(METRIC, {"project": "a", "filter": "b"}, name="c"),
        resource(METRIC, {"project": "a", "filter": "new"}, name="a"),
    ]
    replaced = [resource(METRIC, {"project": project}, name="e") for project in "ab"]
    diff = diff_of(plan_value(*old, replaced[0]), plan_value(*new, replaced[1]))
    assert [change.action for change in diff.changes] == list(Action)


def test_plans_of_two_stacks_are_refused(plans: dict[str, Plan]) -> None:
    """Every URN would differ."""
    with pytest.raises(RefusedError, match="of two stacks, 'prod' and 'staging'"):
        diff_of(value_of(plans["prod"]), value_of(plans["staging"]))


@pytest.mark.parametrize("ignored", [["location"], ['["location"]'], ["*"]])
def test_an_ignored_field_is_no_update_and_no_replacement(ignored: list[str]) -> None:
    """The engine takes it from its state. The lines are still shown, and what happens to them."""
    old, new = (resource(REPOSITORY, {"location": place}, options={"ignoreChanges": ignored}) for place in ("us", "eu"))
    change = only(diff_of(plan_value(old), plan_value(new)))
    assert change.action is Action.OTHER
    assert change.replacing == ()
    assert [field.path for field in change.inputs] == ["location"]
    assert change.notes == ("ignored (`ignoreChanges`), so the engine does not change it: location",)
    open_ = resource(REPOSITORY, {"location": "eu"})
    assert only(diff_of(plan_value(old), plan_value(open_))).action is Action.REPLACE


def test_a_job_s_ignored_image_is_no_update() -> None:
    """The deployment sets it."""
    job = "gcp:cloudrunv2/job:Job"
    path = "template.template.containers[0].image"
    old, new = (
        resource(
            job,
            {"template": {"template": {"containers": [{"image": image, "args": ["x"]}]}}},
            options={"ignoreChanges": [path]},
        )
        for image in ("app:1", "app:2")
    )
    change = only(diff_of(plan_value(old), plan_value(new)))
    assert change.action is Action.OTHER
    assert change.notes == (f"ignored (`ignoreChanges`), so the engine does not change it: {path}",)


def _note(old: list[PlanValue], new: list[PlanValue]) -> tuple[Action, str]:
    """The action and the notes of the one change."""
    change = only(diff_of(plan_value(*old), plan_value(*new)))
    return change.action, "; ".join(change.notes)


@pytest.mark.parametrize(
    ("type_", "inputs", "note"),
    [
        (LOG_BUCKET, {"bucketId": "_Default"}, "creates nothing: every project has the log bucket _Default"),
        (LOG_BUCKET, {"bucketId": "own"}, "an existing log bucket of this id is adopted"),
        (AUDIT_CONFIG, {}, "replaces the existing audit configuration of the service"),
        (ENVIRONMENT, {}, "an existing environment of this name is set to what is declared"),
        (API, {}, ""),
        (REPOSITORY_FILE, {}, ""),
        (REPOSITORY_FILE, {"overwriteOnCreate": True}, "overwrites a file that exists"),
        (ALERT_POLICY, {}, ""),
    ],
)
def test_a_creation_says_what_it_does_to_what_exists(type_: str, inputs: PlanValue, note: str) -> None:
    """An alert is simply created, an API that is on stays on: nothing is said."""
    action, said = _note([], [resource(type_, inputs)])
    assert action is Action.CREATE
    assert note in said
    assert bool(note) is bool(said)


@pytest.mark.parametrize(
    ("type_", "inputs", "options", "note"),
    [
        (LOG_BUCKET, {"bucketId": "_Default"}, {}, "the log bucket _Default stays as it is"),
        (API, {"disableOnDestroy": False}, {}, "the API stays enabled"),
        (METRIC, {}, {"retainOnDelete": True}, "it stays in the cloud as it is"),
        (METRIC, {}, {}, ""),
    ],
)
def test_a_deletion_says_where_the_engine_only_forgets(
    type_: str, inputs: PlanValue, options: PlanValue, note: str
) -> None:
    """A metric is simply deleted, and nothing is said."""
    action, said = _note([resource(type_, inputs, options=options)], [])
    assert action is Action.DELETE
    assert note in said
    assert bool(note) is bool(said)


def test_an_import_creates_nothing_and_another_id_replaces() -> None:
    """The engine replaces where the id in the state is another one, which a plan knows from two ids only."""
    plain, one, two = (
        resource(METRIC, {}, options=options) for options in (None, {"importId": "1"}, {"importId": "2"})
    )
    action, said = _note([], [one])
    assert action is Action.OTHER
    assert said.startswith("imports the existing resource with the id 1 and sends no change")
    action, said = _note([one], [two])
    assert action is Action.REPLACE
    action, said = _note([plain], [one])
    assert action is Action.OTHER
    assert "does nothing if the engine already manages the id 1" in said
    assert _note([one], [plain]) == (Action.OTHER, "")


def test_a_move_creates_nothing() -> None:
    """Only the name in the state is another one."""
    old = resource(METRIC, {"filter": "a"})
    new = resource(METRIC, {"filter": "a"}, name="new", options={"aliases": [{"urn": old["urn"]}]})
    assert _note([old], [new])[1].startswith("keeps its state under the new name")


@pytest.mark.parametrize(
    ("option", "note"),
    [
        (None, "the engine creates a new one and deletes this one with its contents"),
        ("deleteBeforeReplace", "the engine deletes it, with its contents, before it creates the new one"),
        ("retainOnDelete", "the engine creates a new one and keeps the old one in the cloud"),
    ],
)
def test_a_replacement_says_what_becomes_of_the_old_one(option: str | None, note: str) -> None:
    """In place of the change of a field that it looks like."""
    options = {option: True} if option else {}
    old, new = (resource(METRIC, {"project": project}, options=options) for project in "ab")
    action, said = _note([old], [new])
    assert action is Action.REPLACE
    assert said.startswith(note)
