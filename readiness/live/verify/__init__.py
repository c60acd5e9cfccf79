"""`readiness verify`: what is live after a deployment, held against what is declared. One group of checks a file."""
