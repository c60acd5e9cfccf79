"""What every command answers, recorded: CONTRIBUTING.md, "Recorded answers"."""
