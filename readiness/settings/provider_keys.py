"""Configuration keys that the providers know. The engine accepts a misspelt one silently and uses the default.

The list is read from the installed SDK's own `config/vars.py`, so that it follows every upgrade; reading the text
instead of importing keeps `import pulumi` out of `readiness check`.
"""

from __future__ import annotations

import functools
import re
from importlib.util import find_spec
from pathlib import Path

# Keys of the engine itself in the `pulumi:` namespace (workspace and engine packages of pulumi/pulumi, v3.274.1).
PULUMI_KEYS = frozenset({"tags", "autonaming", "disable-default-providers", "template"})

# Provider keys whose value is a credential, whatever its shape.
SECRET_PROVIDER_KEYS = frozenset(
    {"gcp:credentials", "gcp:accessToken", "gcp:externalCredentials", "github:token", "github:appAuth"}
)

PROVIDERS = {"gcp": "pulumi_gcp", "github": "pulumi_github"}

_GET = re.compile(r"__config__\.get(?:_\w+)?\('(\w+)'\)")


@functools.cache
def known_keys(namespace: str) -> frozenset[str]:
    """The keys of a provider's or the engine's namespace; empty for an unknown namespace."""
    if namespace == "pulumi":
        return PULUMI_KEYS
    package = PROVIDERS.get(namespace)
    spec = find_spec(package) if package else None
    if spec is None or spec.origin is None:
        return frozenset()
    text = (Path(spec.origin).parent / "config" / "vars.py").read_text(encoding="utf-8")
    return frozenset(_GET.findall(text))


def namespaces() -> tuple[str, ...]:
    """Every namespace that a stack of this project may use."""
    return ("readiness", *PROVIDERS, "pulumi")
