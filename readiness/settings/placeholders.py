"""Placeholders: how a value looks that nobody has filled in yet, or that reaches nobody."""

from __future__ import annotations

import re

TO_BE_FILLED_IN = "to-be-filled-in"
# In capitals only: `todo` can be part of a name.
_MARK = re.compile(rf"(?i:{TO_BE_FILLED_IN})|\b(?:TODO|TBD|FIXME)\b")
# Reserved by RFC 2606 and RFC 6761: nothing there reaches anybody.
_RESERVED_DOMAINS = (".example.com", ".example.org", ".example.net", ".example", ".invalid", ".test", ".localhost")
# A host after `@` or `//`, and any word with a dot in it.
_HOST = re.compile(r"(?:@|//)([A-Za-z0-9.-]+)|([A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)")


# What a finding says of such an address or contact. Its `placeholder=True` makes an update refuse it.
REACHES_NOBODY = "is a placeholder, or an address of a reserved domain, which reaches nobody; `pulumi up` refuses it"


def is_to_be_filled_in(text: object) -> bool:
    """Whether a login, slug, host or contact says that it is not known yet: `to-be-filled-in-first`, `TODO`."""
    return isinstance(text, str) and _MARK.search(text) is not None


def is_placeholder(text: object) -> bool:
    """Whether an address or a contact reaches nobody: it is to be filled in, or is of a domain like `example.com`."""
    if not isinstance(text, str):
        return False
    hosts = (f".{(found[1] or found[2]).strip('.').lower()}" for found in _HOST.finditer(text))
    return is_to_be_filled_in(text) or any(host.endswith(_RESERVED_DOMAINS) for host in hosts)
