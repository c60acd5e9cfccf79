"""The tags that image cleanup must keep, whatever a stack's settings say.

Standard library only: the rules of the policy pack read this file, and the pack has an environment of its own.
"""

from __future__ import annotations

# Without one of these the cleanup can delete the image that production runs or rolls back to. Tags match as prefixes.
PROTECTED_TAGS = ("latest", "staging-latest", "production-latest", "production-previous")
