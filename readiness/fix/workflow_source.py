"""A workflow file as text with the position of every node, so that an edit changes only the intended lines.

A YAML library that writes a file again changes its layout. Here PyYAML's marks give the position of a node, the edit
changes the text there, and the result is parsed again and compared with the intended content.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import yaml

from readiness.ci.workflow_files import WorkflowFile, parse_workflow
from readiness.finding import Finding, RefusedError
from readiness.settings.strict_yaml import KeyPath, composed

RULE_ID = "fix-not-recognised"
# PyYAML ends a line at these characters, and git and editors do not, so positions would differ.
_OTHER_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_AGAIN = "Then run the command again"


class NotRecognisedError(Exception):
    """The text is not written as the edit expects. `path` is the place, `hint` how to do it by hand."""

    def __init__(self, path: KeyPath, message: str, hint: str) -> None:
        self.path, self.message, self.hint = path, message, hint
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Edit:
    """The characters from `begin` to `end` become `text`."""

    begin: int
    end: int
    text: str


@dataclass(frozen=True, kw_only=True)
class Source:
    """A workflow's text and its parsed form. `path` is relative to the repository."""

    path: str
    text: str
    workflow: WorkflowFile

    @cached_property
    def _root(self) -> yaml.Node:
        root = composed(self.text)
        if root is None:
            raise AssertionError("a parsed workflow has a node")
        return root

    @cached_property
    def line_end(self) -> str:
        """The line ending of the file: that of its first line."""
        return "\r\n" if re.match(r"[^\n]*\r\n", self.text) else "\n"

    @cached_property
    def line_starts(self) -> list[int]:
        """The offset of each line, and of the end of the text."""
        return [0, *(found.end() for found in re.finditer("\n", self.text)), len(self.text)]

    def line_at(self, offset: int) -> int:
        """The line of the offset, counted from 0."""
        return self.text.count("\n", 0, offset)

    def line_text(self, line: int) -> str:
        """A line without its line ending."""
        return self.text[self.line_starts[line] : self.line_starts[line + 1]].rstrip("\r\n")

    def refuse_shared_nodes(self) -> None:
        """Raises NotRecognisedError for a file with anchors, because an edit could change other places too."""
        for event in yaml.parse(self.text, Loader=yaml.SafeLoader):
            if getattr(event, "anchor", None):
                message = f"uses the YAML anchor or alias {event.anchor!r}, so an edit could change other places too"
                raise NotRecognisedError(
                    (), message, "Write the value out where it is used, then run the command again"
                )

    def node(self, path: KeyPath) -> yaml.Node:
        """The value at the path. Raises KeyError if there is none."""
        return self._pair(path)[1]

    def key_node(self, path: KeyPath) -> yaml.Node:
        """The key of the value at the path, or for an item of a list the item itself."""
        return self._pair(path)[0]

    def _pair(self, path: KeyPath) -> tuple[yaml.Node, yaml.Node]:
        pair: tuple[yaml.Node, yaml.Node] = (self._root, self._root)
        for part in path:
            node = pair[1]
            if isinstance(node, yaml.SequenceNode) and isinstance(part, int):
                pair = (node.value[part], node.value[part])
            elif isinstance(node, yaml.MappingNode):
                pairs: list[tuple[yaml.Node, yaml.Node]] = [pair for pair in node.value if pair[0].value == part]
                if not pairs:
                    raise KeyError(part)
                pair = pairs[0]
            else:
                raise KeyError(part)
        return pair

    def refuse_flow(self, path: KeyPath) -> None:
        """Raises NotRecognisedError if the value, or a collection around it, is written as `{…}` or `[…]`."""
        for length in range(1, len(path) + 1):
            node = self.node(path[:length])
            if isinstance(node, yaml.CollectionNode) and node.flow_style:
                message = "is written in braces or brackets, where one key on each line is expected"
                raise NotRecognisedError(
                    path[:length], message, "Write one key on each line, then run the command again"
                )

    def line_of(self, path: KeyPath) -> int:
        """The line of the key or item, counted from 0."""
        return self.key_node(path).start_mark.line

    def last_line_of(self, path: KeyPath) -> int:
        """The last line with text of the value, without comments after it; counted from 0."""
        node = self.node(path)
        while isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
            last = node.value[-1]
            node = last[1] if isinstance(last, tuple) else last
        line = node.end_mark.line if node.end_mark.column else node.end_mark.line - 1
        line = max(line, node.start_mark.line)
        while line > node.start_mark.line and not self.line_text(line).strip():
            line -= 1
        return line

    def remove_line(self, path: KeyPath) -> Edit:
        """Removes the line of a key with its value. Raises NotRecognisedError if the line has more."""
        line = self.line_of(path)
        if not re.fullmatch(rf"\s*{re.escape(str(path[-1]))}\s*:[^,{{}}]*", self.line_text(line)):
            raise NotRecognisedError(path, "is not on its own line", "Remove it by hand")
        if self.last_line_of(path) != line:
            raise NotRecognisedError(path, "has more than one line", "Remove it by hand")
        return Edit(self.line_starts[line], self.line_starts[line + 1], "")

    def insert_lines(self, line: int, lines: Sequence[str]) -> Edit:
        """Inserts lines before `line`, which may be the line after the last."""
        at = self.line_starts[min(line, len(self.line_starts) - 1)]
        begins = "" if at == 0 or self.text[at - 1] == "\n" else self.line_end
        ends = "" if begins else self.line_end
        return Edit(at, at, begins + self.line_end.join(lines) + ends)

    def in_script(self, path: KeyPath, begin: int, end: int, text: str = "") -> Edit:
        """Replaces the characters `begin` to `end` of the text at `path`, such as a script.

        Raises NotRecognisedError if the text in the file is folded or has escapes.
        """
        node = self.node(path)
        places = self._places_of(node) if isinstance(node, yaml.ScalarNode) else None
        if places is None or end > len(places):
            hint = "Write it on one line, or as a block that begins with `|`; then run the command again"
            raise NotRecognisedError(path, "is folded text or has escapes, where one line or a block is expected", hint)
        value, is_block = (node.value, node.style == "|") if isinstance(node, yaml.ScalarNode) else ("", False)
        if is_block and not text and value[:begin][-1:] in ("\n", "") and value[begin:end].endswith("\n"):
            # Whole lines are removed with their indentation and line endings.
            lines = (self.line_at(places[begin]), self.line_at(places[end - 1]) + 1)
            return Edit(self.line_starts[lines[0]], self.line_starts[lines[1]], "")
        first = places[begin] if begin < len(places) else places[-1] + 1
        return Edit(first, first if begin == end else places[end - 1] + 1, text)

    def _places_of(self, node: yaml.ScalarNode) -> list[int] | None:
        """The offset in the file of each character of the value; None if the file has the value in another form."""
        begin, end = node.start_mark.index, node.end_mark.index
        if node.style != "|":
            begin, end = (begin, end) if node.style is None else (begin + 1, end - 1)
            return list(range(begin, end)) if self.text[begin:end] == node.value else None
        places: list[int] = []
        line = node.start_mark.line + 1
        first = next(text for text in node.value.split("\n") if text.strip())
        content = next((at for at in range(line, len(self.line_starts) - 1) if self.line_text(at).strip()), line)
        indent = len(self.line_text(content)) - len(first)
        for value in node.value.split("\n")[:-1] if node.value.endswith("\n") else node.value.split("\n"):
            written = self.line_text(line)
            if written[indent:] != value or written[:indent].strip():
                return None
            begin = self.line_starts[line] + min(indent, len(written))
            places += range(begin, begin + len(value) + 1)
            line += 1
        return places[: len(node.value)]

    def edited(self, edits: Sequence[Edit], expected: Mapping[str, Any] | None = None) -> Source:
        """The file after the edits. With `expected`, raises NotRecognisedError if the content differs from it."""
        text = self.text
        for edit in sorted(edits, key=lambda edit: (edit.begin, edit.end), reverse=True):
            text = text[: edit.begin] + edit.text + text[edit.end :]
        try:
            after = source_of(self.path, text, self.workflow.file)
        except RefusedError as refusal:
            reason = refusal.problems[0].message
            raise NotRecognisedError((), f"would no longer be a workflow ({reason})", "Edit it by hand") from None
        if expected is not None and after.workflow.body != expected:
            raise NotRecognisedError((), "would not have the intended content after the edit", "Edit it by hand")
        return after

    def finding(self, error: NotRecognisedError, key: str, rule_id: str = RULE_ID) -> Finding:
        """The error as a finding."""
        found = self.workflow.finding(rule_id, error.path, error.message, error.hint)
        return Finding(
            rule_id=rule_id, file=found.file, line=found.line, key=key, message=found.message, hint=found.hint
        )


@functools.lru_cache(maxsize=64)
def source_of(path: str, text: str, shown: str) -> Source:
    """The workflow with this text, shared and never changed; `shown` is its name in messages.

    Raises RefusedError if it is not a workflow.
    """
    if found := _OTHER_LINE_ENDS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        message = f"has the character U+{ord(found[0]):04X}, which ends a line in YAML"
        raise RefusedError([Finding(rule_id=RULE_ID, file=shown, line=line, message=message, hint="Remove it")])
    # The strict reader wants no byte order mark; PyYAML accepts one, so offsets stay correct.
    return Source(path=path, text=text, workflow=parse_workflow(text, shown))
