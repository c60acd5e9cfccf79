"""The offline plan as data: its form, options, places, order, and what a program may not disturb."""

from __future__ import annotations

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from readiness.delivered.header import file_digest
from readiness.plan.offline_plan import Plan, plan_json, plan_stack
from readiness.settings.stack_files import read_stack
from tests.plan.small_programs import named, plan_program
from tests.projects import EVERY_OPTION, ROOT, STACKS, folder_of, plan_of_stack, readiness

EVERY_OPTION_OF_A_RESOURCE = """
    import pulumi
    import pulumi_gcp
    from pulumi_gcp import monitoring

    provider = pulumi_gcp.Provider("other", project="other-project")
    first = monitoring.NotificationChannel("first", type="email")
    second = monitoring.NotificationChannel(
        "second",
        type="email",
        opts=pulumi.ResourceOptions(
            protect=True,
            ignore_changes=["description", "labels"],
            aliases=[pulumi.Alias(name="former")],
            retain_on_delete=True,
            depends_on=[first],
            delete_before_replace=True,
            import_="projects/p/notificationChannels/7",
            custom_timeouts=pulumi.CustomTimeouts(create="5m"),
            additional_secret_outputs=["name"],
            replace_on_changes=["type"],
            deleted_with=first,
            provider=provider,
            version="9.9.9",
        ),
    )
"""


def test_the_json_form_has_these_keys_and_no_others(plans: dict[str, Plan]) -> None:
    """Other tools read it, so that a key is neither renamed nor added in passing."""
    for plan in plans.values():
        form = json.loads(plan_json(plan))
        assert form.keys() == {"format_version", "stack", "project", "resources", "outputs", "setup"}
        for resource in form["resources"]:
            keys = {"urn", "type", "name", "parent", "inputs", "options", "source"}
            is_with_files = resource["type"] == "readiness:project:ManagedFiles"
            assert resource.keys() == (keys | {"files"} if is_with_files else keys)
            assert resource["source"] is None or resource["source"].keys() == {"file", "line"}


def test_every_key_of_the_json_form_is_documented_where_it_is_made() -> None:
    """Whoever reads the plan reads the docstring of `as_dict`."""
    documented = Plan.as_dict.__doc__ or ""
    for key in (
        "stack, project, resources, outputs",
        "urn, type, name, parent, inputs, options, files, source",
        "file, line",
    ):
        assert key in documented


PROGRAM_WITH_FILES = """
    import pulumi
    from components.managed_files import ManagedFiles, ManagedFilesArgs

    files = {".github/b": "second\\n", ".github/a": "first\\n", ".github/token": pulumi.Output.secret("planted")}
    ManagedFiles("some", ManagedFilesArgs(repository="shop", branch="main", delivery="pull_request", files=files))
    ManagedFiles("none", ManagedFilesArgs(repository="shop", branch="main", delivery="pull_request", files={}))
"""


def test_the_texts_of_managed_files_are_beside_the_inputs_that_hold_their_digests(tmp_path: Path) -> None:
    """Sorted, without the secret one, and no key where there are none."""
    plan = plan_program(tmp_path, PROGRAM_WITH_FILES)
    some = named(plan, "some")
    assert list(some["files"].items()) == [(".github/a", "first\n"), (".github/b", "second\n")]
    assert some["inputs"] == {
        "delivery": "pull_request",
        "digests": {
            ".github/a": file_digest("first\n"),
            ".github/b": file_digest("second\n"),
            ".github/token": "[secret]",
        },
    }
    assert "files" not in named(plan, "none")
    assert "planted" not in plan_json(plan)


def test_every_option_of_a_resource_is_in_the_plan_under_the_name_that_the_engine_gives_it(tmp_path: Path) -> None:
    """Options decide what an update may destroy, so that a reviewer has to see them."""
    plan = plan_program(tmp_path, EVERY_OPTION_OF_A_RESOURCE)
    first = named(plan, "first")["urn"]
    assert named(plan, "second")["options"] == {
        "protect": True,
        "ignoreChanges": ["description", "labels"],
        "aliases": [{"spec": {"name": "former", "parentUrn": ""}}],
        "retainOnDelete": True,
        "dependencies": [first],
        "deleteBeforeReplace": True,
        "importId": "projects/p/notificationChannels/7",
        "customTimeouts": {"create": "5m"},
        "additionalSecretOutputs": ["name"],
        "replaceOnChanges": ["type"],
        "deletedWith": first,
        "provider": f"{named(plan, 'other')['urn']}::<other.id>",
        "version": "9.9.9",
    }


def test_a_plain_resource_has_no_option_but_the_version_of_its_provider(tmp_path: Path) -> None:
    """What the SDK sends to the engine about itself is not an option."""
    plan = plan_program(tmp_path, EVERY_OPTION_OF_A_RESOURCE)
    assert named(plan, "first")["options"].keys() == {"version"}


def test_the_parent_is_the_component_or_the_stack(plans: dict[str, Plan]) -> None:
    """Every parent is itself in the plan; only the stack has none."""
    for plan in plans.values():
        urns = {resource["urn"] for resource in plan.resources}
        orphans = [resource["type"] for resource in plan.resources if resource["parent"] not in urns]
        assert orphans == ["pulumi:pulumi:Stack"]


def test_whole_numbers_are_written_whole_and_nulls_are_left_out(tmp_path: Path) -> None:
    """On the wire every number is a float, and an input that is not set may be a null."""
    plan = plan_program(
        tmp_path,
        """
        import pulumi
        pulumi.export("numbers", {"whole": 5, "ratio": 0.05, "yes": True, "none": None, "list": [1, {"two": 2}]})
        """,
    )
    assert plan.outputs == {"numbers": {"whole": 5, "ratio": 0.05, "yes": True, "list": [1, {"two": 2}]}}
    assert '"whole": 5,' in plan_json(plan), "5 == 5.0, but they are not the same bytes"


def test_what_only_the_provider_will_know_is_written_as_unknown(tmp_path: Path) -> None:
    """An id gets a readable placeholder; any other output of a provider is not invented."""
    plan = plan_program(
        tmp_path,
        """
        import pulumi
        from pulumi_gcp import monitoring
        first = monitoring.NotificationChannel("first", type="email")
        second = monitoring.NotificationChannel("second", type="email", description=first.verification_status)
        pulumi.export("id", first.id)
        pulumi.export("list", [first.verification_status])
        """,
    )
    assert named(plan, "second")["inputs"]["description"] == "<unknown>"
    assert plan.outputs == {"id": "<first.id>", "list": ["<unknown>"]}


def test_a_resource_that_is_handed_on_is_written_as_its_urn(tmp_path: Path) -> None:
    """As an input it is a reference for the engine."""
    plan = plan_program(
        tmp_path,
        """
        import pulumi
        from pulumi_gcp import monitoring
        channel = monitoring.NotificationChannel("first", type="email")
        pulumi.ComponentResource("demo:room:Room", "room", {"channel": channel})
        """,
    )
    assert named(plan, "room")["inputs"] == {"channel": f"<{named(plan, 'first')['urn']}>"}


def test_resources_their_dependencies_and_every_key_are_sorted(plans: dict[str, Plan]) -> None:
    """Two plans can be compared line by line."""
    for plan in plans.values():
        urns = [resource["urn"] for resource in plan.resources]
        assert urns == sorted(urns)
        for resource in plan.resources:
            dependencies = resource["options"].get("dependencies", [])
            assert dependencies == sorted(dependencies)
            assert list(resource["inputs"]) == sorted(resource["inputs"])


def test_the_source_is_the_line_of_the_call_in_our_code(tmp_path: Path) -> None:
    """Not a line of the SDK, also if a class of the SDK is in between."""
    plan = plan_program(tmp_path, EVERY_OPTION_OF_A_RESOURCE)
    lines = EVERY_OPTION_OF_A_RESOURCE.splitlines()
    for name, call in (("other", "provider = "), ("first", "first = "), ("second", "second = ")):
        line = next(number for number, text in enumerate(lines, start=1) if text.strip().startswith(call))
        assert named(plan, name)["source"] == {"file": "__main__.py", "line": line}


@pytest.fixture(scope="module")
def with_own_program(tmp_path_factory: pytest.TempPathFactory) -> Plan:
    """The plan of a project that contains the program, as a checkout does; the fixture projects only link to it."""
    folder = tmp_path_factory.mktemp("with_own_program")
    for file in folder_of(EVERY_OPTION).glob("Pulumi*.yaml"):
        shutil.copy(file, folder)
    shutil.copy(ROOT / "__main__.py", folder)
    shutil.copytree(ROOT / "components", folder / "components", ignore=shutil.ignore_patterns("__pycache__"))
    # In a process of its own, which has not imported other components.
    value = json.loads(readiness("plan", EVERY_OPTION, "--format", "json", cwd=folder).out)
    return Plan(**{key: item for key, item in value.items() if key not in ("cost", "format_version")})


def test_a_child_of_a_component_has_its_source_in_the_file_of_the_component(with_own_program: Plan) -> None:
    """The component itself has it where the program, or another component, makes it."""
    types = {resource["urn"]: resource["type"] for resource in with_own_program.resources}
    for resource in with_own_program.resources:
        if types.get(resource["parent"], "").startswith("readiness:"):
            assert resource["source"]["file"].startswith("components/")
        elif resource["parent"]:
            assert resource["source"]["file"] == "__main__.py"
        else:
            assert resource["source"] is None, "the stack is made by no line of the program"


def test_the_line_of_a_source_holds_the_call_that_it_stands_for(with_own_program: Plan) -> None:
    """A reviewer who follows the place of a policy lands where the policy is declared."""
    for resource in with_own_program.of_type("gcp:monitoring/alertPolicy:AlertPolicy"):
        text = (ROOT / resource["source"]["file"]).read_text(encoding="utf-8").splitlines()
        assert "monitoring.AlertPolicy(" in text[resource["source"]["line"] - 1]


def test_the_working_folder_and_the_import_path_are_given_back(tmp_path: Path) -> None:
    """Also when the program fails, and whatever it did to them."""
    folder, path = Path.cwd(), list(sys.path)
    plan_program(tmp_path, "import os, sys; os.chdir('/'); sys.path.insert(0, '/nowhere'); sys.path.append('/there')")
    assert (Path.cwd(), sys.path) == (folder, path)


def test_the_program_runs_in_the_folder_of_the_project_and_imports_from_it(tmp_path: Path) -> None:
    """As the engine's language host runs it, wherever the command was called."""
    (tmp_path / "beside_the_program_of_this_test.py").write_text("ANSWER = 42\n", encoding="utf-8")
    plan = plan_program(
        tmp_path,
        """
        import os
        import pulumi
        from beside_the_program_of_this_test import ANSWER
        pulumi.export("seen", [os.getcwd(), ANSWER])
        """,
    )
    assert plan.outputs["seen"] == [os.path.realpath(tmp_path), 42]


def test_what_the_program_prints_does_not_end_up_in_the_plan(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Standard output is the plan's: a print would break its JSON."""
    plan_program(tmp_path, "print('hello')")
    assert capsys.readouterr() == ("", "hello\n")


def test_two_stacks_in_one_process_do_not_see_each_other(plans: dict[str, Plan]) -> None:
    """In either order, and again, byte for byte: dependencies come out of a set, registrations out of an event loop."""
    first = {stack: plan_json(plans[stack]) for stack in STACKS}
    again = {stack: plan_json(plan_of_stack(stack)) for stack in reversed(STACKS)}
    assert first == again
    for stack, text in first.items():
        assert {resource["urn"].split("::")[0] for resource in json.loads(text)["resources"]} == {f"urn:pulumi:{stack}"}


def test_another_name_of_the_project_changes_urns_and_nothing_else(project: Path) -> None:
    """Settings are in the namespace `readiness:`, whatever Pulumi.yaml calls the project."""
    ours = plan_stack(project, read_stack(project, "staging"))
    file = project / "Pulumi.yaml"
    # The engine takes a `default:` only for keys of the project's own namespace.
    text = file.read_text(encoding="utf-8").replace("    default:", "    value:")
    file.write_text(text.replace("name: readiness", "name: shop-infra", 1), encoding="utf-8")
    theirs = plan_stack(project, read_stack(project, "staging"))
    expected = plan_json(ours).replace("::readiness::", "::shop-infra::")
    expected = expected.replace("readiness-staging", "shop-infra-staging")
    expected = expected.replace('"project": "readiness"', '"project": "shop-infra"')
    # The rule group is named after the product.
    expected = expected.replace('"ruleGroup": "shop-infra-staging"', '"ruleGroup": "readiness-staging"')
    assert plan_json(theirs) == expected


def test_variables_of_an_engine_in_the_environment_do_not_disturb_the_plan(
    plans: dict[str, Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever plans inside a shell of an engine, or of another project, gets the same plan."""
    monkeypatch.setenv("PULUMI_CONFIG", '{"readiness:channels": "{}", "gcp:zone": "mars-1"}')
    monkeypatch.setenv("PULUMI_CONFIG_GCP_PROJECT", "another-project")
    monkeypatch.setenv("PULUMI_CONFIG_READINESS_SLACK_AUTH_TOKEN", "xoxb-1-planted")
    monkeypatch.setenv("PULUMI_STACK", "other")
    monkeypatch.setenv("PULUMI_PROJECT", "other")
    monkeypatch.setenv("PULUMI_DRY_RUN", "true")
    assert plan_json(plan_of_stack("staging")) == plan_json(plans["staging"])
