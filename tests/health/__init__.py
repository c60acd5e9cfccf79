"""The change of the customer's health check, shown on a service of the same shape and a real PostgreSQL."""
