"""YAML as people read it: keys in the given order, long text as blocks, no line folded."""

from __future__ import annotations

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """A SafeDumper of its own, so that the representer below stays local; repeated values are written out."""

    def ignore_aliases(self, data: Any) -> bool:
        """No anchors: nothing that these texts are shown to follows them."""
        return True


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _represent_text)


def yaml_text(value: Any) -> str:
    """The value as a YAML document."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
