"""What yields findings about settings, a project or a plan: published schemas, limits, lint, policy rules."""
