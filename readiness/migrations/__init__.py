"""What is refused in migrations before they reach a database."""
