"""Tests, in the rooms of the product. Test names are requirements; each docstring says the behaviour in a sentence."""
