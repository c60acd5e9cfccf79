"""`readiness fix`."""
