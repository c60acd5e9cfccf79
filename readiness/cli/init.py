"""`readiness init`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from readiness.cli.arguments import complete_files, examples
from readiness.cli.common import report
from readiness.live.init.questions import QUESTIONS, Question

if TYPE_CHECKING:
    from readiness.finding import Finding
    from readiness.settings.strict_yaml import Document

COMMAND = "readiness init"


def _with_options(command: Any) -> Any:
    """Adds an option for each question."""
    for question in reversed(QUESTIONS):
        if question.name == "adopt_registry":
            flags = "--adopt-registry/--create-registry"
            command = click.option(flags, "adopt_registry", default=None, help=f"{question.text}.")(command)
            continue
        # click.Choice would end at the first wrong answer, so it is not used.
        shown = f"[{'|'.join(question.choices)}]" if question.choices else "TEXT"
        repeated = "; repeat it or separate with commas" if question.splits_at_commas else ""
        command = click.option(
            question.option, question.name, multiple=True, metavar=shown, help=f"{question.text}{repeated}."
        )(command)
    return command


@click.command(epilog=examples("init shop-readiness", "init shop-readiness --answers answers.yaml --force"))
@click.argument("folder", metavar="[DIR]", type=click.Path(), required=False)
@_with_options
@click.option(
    "--answers",
    "answers_file",
    metavar="FILE",
    shell_complete=complete_files,
    help="A YAML file with answers. Its keys are the names of the options.",
)
@click.option("--folder", "old_folder", type=click.Path(), help="The same as DIR.")
@click.option("--force", is_flag=True, help="Replace files that exist.")
def init(folder: str | None, old_folder: str | None, answers_file: str | None, force: bool, **options: Any) -> None:
    """Write a new project: settings, program and workflows.

    It writes into DIR, which is the folder of the current project by default. {env} in a name means the name of the
    stack. On a terminal, it asks for the answers that you do not give.
    """
    from readiness.alerts.runbook_address import RUNBOOK_FOLDER
    from readiness.live.init.answers import answers_from
    from readiness.live.init.project_files import installed_package
    from readiness.live.init.write import write_project

    if folder is not None and old_folder is not None:
        raise click.UsageError("DIR and --folder have the same meaning. Give only one")
    if "" in (folder, old_folder):
        raise click.UsageError("DIR is empty. Name the folder to write into, or omit it")
    given, read = _given(options, answers_file)
    if _on_a_terminal():
        _ask(given)
    _refuse_wrong(given, read)
    answers = answers_from(given, package=installed_package())
    named = folder or old_folder
    target = Path(named) if named else _project_around()
    names, warnings = write_project(target, answers, force=force)
    report(warnings, err=True)
    pages = [name for name in names if name.startswith(f"{RUNBOOK_FOLDER}/")]
    listed = [name for name in names if name not in pages]
    listed.append(f"{len(pages)} pages in {RUNBOOK_FOLDER}/")
    click.echo(f"wrote {len(names)} files into {target}: {', '.join(listed)}")
    click.echo(f"Next: fill in what the warnings name. {target / 'README.md'} has the next five commands.")
    click.echo(
        "Before the first apply, run `readiness doctor` in that folder. It lists what is missing and how to get it."
    )


def _project_around() -> Path:
    from readiness.finding import RefusedError
    from readiness.settings.stack_files import find_project_root

    try:
        return find_project_root(Path.cwd())
    except RefusedError:
        return Path.cwd()


@dataclass(frozen=True, kw_only=True, slots=True)
class _AnswersFile:
    """The file of `--answers`. `keys` has the name of each answer in the file; `refused` has the unreadable answers."""

    document: Document
    answers: dict[str, tuple[str, ...]]
    keys: dict[str, str]
    refused: dict[str, Finding]
    problems: list[Finding]


def _given(options: dict[str, Any], file: str | None) -> tuple[dict[str, tuple[str, ...]], _AnswersFile | None]:
    """The answers of the options and the file, and the file. Raises RefusedError with every mistake of the file."""
    from readiness.finding import RefusedError

    given: dict[str, tuple[str, ...]] = {}
    for question in QUESTIONS:
        value = options[question.name]
        if isinstance(value, bool):
            given[question.name] = (str(value).lower(),)
        elif value:
            given[question.name] = _split(question, value)
    if file is None:
        return given, None
    read = _read_answers(Path(file))
    twice = [
        read.document.finding((key,), f"is given as {question.option} too", "Remove one of them", rule_id="init-answer")
        for question in QUESTIONS
        if question.name in given and (key := read.keys.get(question.name)) is not None
    ]
    if read.problems or read.refused or twice:
        # The other answers are checked too, so that the user sees every mistake at once.
        others = _problems(read.answers | given, read)
        raise RefusedError(list(dict.fromkeys([*read.problems, *read.refused.values(), *twice, *others])))
    return read.answers | given, read


def _split(question: Question, texts: tuple[str, ...]) -> tuple[str, ...]:
    if not question.splits_at_commas:
        return texts
    found: list[str] = []
    for text in texts:
        # An empty value is kept, so that it is refused. Otherwise it would count as an option that is not given.
        found += [part.strip() for part in text.split(",") if part.strip()] or [""]
    return tuple(found)


def _read_answers(path: Path) -> _AnswersFile:
    """Raises RefusedError for a file that is not YAML, or contains no answers by name."""
    from readiness.finding import RefusedError
    from readiness.settings.nearest import suggestion
    from readiness.settings.strict_yaml import read_yaml

    document = read_yaml(path, str(path), may_be_empty=True)
    if not isinstance(document.value, dict):
        hint = "Write one answer on a line, as `region: europe-west1`"
        found = document.finding((), "does not contain answers by name", hint, rule_id="init-answer")
        raise RefusedError([*document.problems, found])
    read = _AnswersFile(document=document, answers={}, keys={}, refused={}, problems=list(document.problems))
    names = {name: question for question in QUESTIONS for name in _names_of(question)}
    for key, value in document.value.items():
        question = names.get(key.replace("-", "_"))
        if question is None:
            hint = f"{suggestion(key, names)}`{COMMAND} --help` lists the answers"
            read.problems.append(document.finding((key,), "is not an answer of init", hint, rule_id="init-answer"))
            continue
        name = question.name
        texts = [_answer_text(item) for item in (value if isinstance(value, list) else [value])]
        if name in read.keys:
            message = f"is the same answer as {read.keys[name]}"
            read.problems.append(document.finding((key,), message, "Keep one of the two", rule_id="init-answer"))
        elif value in (None, "", []):
            read.keys[name] = key
            hint = "Write one, or remove the line"
            read.refused[name] = document.finding((key,), "has no value", hint, rule_id="init-answer")
        elif None in texts:
            read.keys[name] = key
            hint = "Write text, or a list of texts; quote what begins with { or *"
            read.refused[name] = document.finding((key,), "is not text", hint, rule_id="init-answer")
        else:
            read.keys[name] = key
            given = tuple(text for text in texts if text is not None)
            read.answers[name] = given if isinstance(value, list) else _split(question, given)
    return read


def _names_of(question: Question) -> tuple[str, str]:
    """The names of an answer in a file: its own name, and that of the option."""
    return question.name, question.option.removeprefix("--").replace("-", "_")


def _answer_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int) and str(value) else None


def _on_a_terminal() -> bool:
    # A closed input is None in Python.
    return sys.stdin is not None and sys.stdin.isatty()


def _ask(given: dict[str, tuple[str, ...]]) -> None:
    """Asks for missing answers that have an effect, and again for wrong answers."""
    from readiness.live.init.answers import problems_with, rule_of

    for question in QUESTIONS:
        rule = rule_of(question)
        while True:
            problems = list(problems_with(question, given))
            if question.name in given:
                if not problems or rule.unused(given) is not None:
                    break
                for message, hint in problems:
                    click.echo(f"{question.option} {message}. {hint}.", err=True)
                del given[question.name]
            elif not (question.asked or problems) or rule.unused(given) is not None:
                break
            if question.name == "plan" and given.get("visibility") == ("public",):
                break
            if question.name == "services" and not rule.required(given):
                break
            if not _typed(question, given):
                break


def _typed(question: Question, given: dict[str, tuple[str, ...]]) -> bool:
    """Reads one line. Returns whether there is an answer to check. An optional question may have an empty answer."""
    from readiness.live.init.answers import rule_of

    text = question.text + (f" ({', '.join(question.choices)})" if question.choices else "")
    more = " (separate several with commas)" if question.splits_at_commas else ""
    default = question.shown_default
    if not default and not rule_of(question).required(given):
        more += " (press Enter to omit it)"
    try:
        line = click.prompt(f"{text}{more}", default=default, show_default=bool(default)).strip()
    except click.Abort as end:
        if not isinstance(end.__context__, EOFError):
            click.echo("\nYou stopped the command. Nothing was written.", err=True)
            raise
        click.echo(err=True)
        hint = f"Answer every question, or give the answers as options or in a file: `{COMMAND} --help`"
        message = f"the input ended at the question for {question.option}, so nothing was written. {hint}."
        raise click.ClickException(message) from None
    if line:
        given[question.name] = _split(question, (line,))
        return True
    return rule_of(question).required(given)


def _problems(given: dict[str, tuple[str, ...]], read: _AnswersFile | None) -> Iterator[Finding]:
    from readiness.finding import Finding
    from readiness.live.init.answers import problems_of

    for question, (message, hint) in problems_of(given):
        key = None if read is None else read.keys.get(question.name)
        if read is None or key is None:
            yield Finding(rule_id="init-answer", file=COMMAND, key=question.option, message=message, hint=hint)
        elif question.name not in read.refused:
            yield read.document.finding((key,), message, hint, rule_id="init-answer")


def _refuse_wrong(given: dict[str, tuple[str, ...]], read: _AnswersFile | None) -> None:
    from readiness.finding import RefusedError

    # Two answers to one question may have the same mistake.
    if problems := list(dict.fromkeys(_problems(given, read))):
        raise RefusedError(problems)
