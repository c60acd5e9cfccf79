"""What `readiness init` writes, and what it says of its answers."""
