"""Readiness: typed settings in, declared resources out, and what can be proved about them proved first."""

__version__ = "0.2.0"
