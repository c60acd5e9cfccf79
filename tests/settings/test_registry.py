"""What the provider and the API let through until images are gone, refused with its hint."""

from __future__ import annotations

from pathlib import Path

import pytest

from readiness.finding import Severity, errors_only
from readiness.settings.protected_tags import PROTECTED_TAGS
from tests.edits import edit, found, line_of

PACKAGES = "      - backend\n      - frontend\n"
DRY_RUN = "    cleanup_dry_run: true\n"


def packages(prod: Path, *names: str) -> None:
    """Writes the list of packages."""
    edit(prod, PACKAGES, "".join(f"      - {name}\n" for name in names))


@pytest.mark.parametrize(
    ("names", "index", "wider"),
    [
        (("web", "web/shop"), 1, "web"),
        (("web/shop", "web"), 0, "web"),
        (("backend", "frontend", "backend-migrate"), 2, "backend"),
        (("api2", "api"), 0, "api"),
    ],
)
def test_a_package_that_begins_like_another_is_refused_in_either_order(
    prod: Path, names: tuple[str, ...], index: int, wider: str
) -> None:
    """Packages are matched by prefix: the five newest of both together would be kept."""
    packages(prod, *names)
    (problem,) = found(prod).values()
    assert problem.key == f"readiness:image_registry.packages[{index}]"
    assert problem.message == f"begins like {wider}, whose keep policy would match it too"
    assert problem.hint == "Rename one of the two images"


def test_packages_with_the_same_policy_id_are_refused(prod: Path) -> None:
    """The provider makes a map of the policies by id: one of the two would be dropped without a word."""
    packages(prod, "web/shop", "web-shop")
    (problem,) = found(prod).values()
    assert problem.key == "readiness:image_registry.packages[1]"
    assert problem.message.startswith("takes the same policy id as web/shop")


def test_a_package_that_is_listed_twice_is_refused_once(prod: Path) -> None:
    """It is no prefix collision and no second policy."""
    packages(prod, "backend", "frontend", "backend")
    (problem,) = found(prod).values()
    assert (problem.key, problem.message) == ("readiness:image_registry.packages[2]", "repeats item [0]")


def test_a_tag_that_is_listed_twice_is_refused(prod: Path) -> None:
    """As every other list: one of the two is a slip, and perhaps another tag was meant."""
    edit(prod, DRY_RUN, f"{DRY_RUN}    keep_tags: [{', '.join(PROTECTED_TAGS)}, latest]\n")
    (problem,) = found(prod).values()
    assert (problem.key, problem.message) == ("readiness:image_registry.keep_tags[4]", "repeats item [0]")


@pytest.mark.parametrize(("count", "refused"), [(7, False), (8, True), (60, True)])
def test_more_packages_than_the_ten_policies_leave_room_for_are_refused(prod: Path, count: int, refused: bool) -> None:
    """Ten policies a repository, three of them stand beside those of the packages."""
    packages(prod, *(f"app{number:03}" for number in range(count)))
    problems = found(prod)
    assert bool(problems) is refused
    if refused:
        message = problems["image_registry.packages"].message
        assert message == f"lists {count} packages; a repository takes 10 policies, 7 for them"


@pytest.mark.parametrize("name", ["Backend", "back end", "/backend", "backend/", "a//b", "a/-b", "x" * 116])
def test_a_name_that_no_image_can_have_is_refused(prod: Path, name: str) -> None:
    """A mistyped package keeps nothing; a policy's id, which names the package, has at most 127 characters."""
    packages(prod, name)
    (problem,) = found(prod).values()
    assert problem.key == "readiness:image_registry.packages[0]"
    assert "115" in problem.message if len(name) > 115 else problem.message == "is not the name of an image"


@pytest.mark.parametrize(
    "name", ["us-central1-docker.pkg.dev/shop/images/web", "gcr.io/shop/web", "eu.gcr.io/shop/web"]
)
def test_an_images_whole_address_is_no_package(prod: Path, name: str) -> None:
    """It is of Docker's grammar too, and its keep policy would match nothing: cleanup would take the newest."""
    packages(prod, name)
    (problem,) = found(prod).values()
    assert (problem.key, problem.hint) == (
        "readiness:image_registry.packages[0]",
        "Write what follows the repository's name",
    )


@pytest.mark.parametrize("name", ["a", "a__b.c-d/e2", "x" * 115])
def test_a_name_that_an_image_can_have_is_let_through(prod: Path, name: str) -> None:
    """Docker's own grammar."""
    packages(prod, name)
    assert found(prod) == {}


def test_no_package_is_refused(prod: Path) -> None:
    """Without one, nothing would keep the newest."""
    edit(prod, "    packages:\n" + PACKAGES, "    packages: []\n")
    assert list(found(prod)) == ["image_registry.packages"]


@pytest.mark.parametrize("tag", PROTECTED_TAGS)
def test_a_protected_tag_that_is_missing_is_refused(prod: Path, tag: str) -> None:
    """The image that production runs is kept by its tag alone."""
    others = ", ".join(item for item in (*PROTECTED_TAGS, "release-") if item != tag)
    edit(prod, DRY_RUN, f"{DRY_RUN}    keep_tags: [{others}]\n")
    (problem,) = found(prod).values()
    assert problem.message == f"does not hold {tag}, so that cleanup could delete what runs or is rolled back to"
    assert problem.hint == f"Add {tag}"
    assert problem.line == line_of(prod, "keep_tags")


def test_further_tags_may_be_kept(prod: Path) -> None:
    """As prefixes."""
    edit(prod, DRY_RUN, f"{DRY_RUN}    keep_tags: [{', '.join(PROTECTED_TAGS)}, release-]\n")
    assert found(prod) == {}


@pytest.mark.parametrize("tags", ["latest", "[-x]", "[latest, 7]"])
def test_tags_of_the_wrong_kind_are_refused_without_a_traceback(prod: Path, tags: str) -> None:
    """A scalar, a tag that no registry takes, a number."""
    edit(prod, DRY_RUN, f"{DRY_RUN}    keep_tags: {tags}\n")
    assert any(key.startswith("image_registry.keep_tags") for key in _keys(prod))


@pytest.mark.parametrize(
    "line",
    ["delete_older_than_days: 0", 'delete_older_than_days: "30d"', "keep_recent_versions: 0", "format: DOCKER"],
)
def test_what_the_provider_would_take_in_silence_is_refused(prod: Path, line: str) -> None:
    """A duration in words fails before any request; no days or no versions would delete everything."""
    edit(prod, DRY_RUN, f"{DRY_RUN}    {line}\n")
    assert list(found(prod)) == [f"image_registry.{line.partition(':')[0]}"]


def test_an_id_that_the_registry_refuses_is_refused(prod: Path) -> None:
    """`Bad_ID` passes a preview."""
    edit(prod, "repository_id: ai-resume-review-v2", "repository_id: Bad_ID")
    assert list(found(prod)) == ["image_registry.repository_id"]


def test_adopt_has_to_be_answered(prod: Path) -> None:
    """Neither answer is safe to guess: one fails where the repository exists, the other where it does not."""
    edit(prod, "    adopt: true\n", "")
    assert found(prod)["image_registry.adopt"].message == "is missing"


def test_cleanup_that_deletes_is_let_through_with_a_warning(prod: Path) -> None:
    """A reviewed change switches it; the review shall see it."""
    edit(prod, DRY_RUN, "    cleanup_dry_run: false\n")
    (problem,) = found(prod).values()
    assert (problem.message, problem.severity) == ("allows cleanup to delete", Severity.WARNING)
    assert not errors_only([problem])


def test_several_mistakes_are_told_together(prod: Path) -> None:
    """One run, every problem with its line."""
    packages(prod, "web", "web/shop", "a/b", "a-b")
    edit(prod, DRY_RUN, "    cleanup_dry_run: false\n    keep_tags: [latest]\n")
    problems = _keys(prod)
    assert problems.count("image_registry.keep_tags") == 3
    assert {"image_registry.packages[1]", "image_registry.packages[3]", "image_registry.cleanup_dry_run"} < set(
        problems
    )


def _keys(prod: Path) -> list[str]:
    from readiness.rules.stack import check_stack

    problems = check_stack(prod, "prod").problems
    assert all(problem.line and problem.hint for problem in problems)
    return [problem.key.removeprefix("readiness:") for problem in problems]
