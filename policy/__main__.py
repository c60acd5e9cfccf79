"""Starts the policy pack; it serves the engine until that ends. `pulumi preview --policy-pack policy` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

# The rules are the program's own, and this environment has nothing of the program's installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from pack import policies
from pulumi_policy import EnforcementLevel, PolicyPack

PolicyPack(name="readiness", enforcement_level=EnforcementLevel.MANDATORY, policies=policies())
