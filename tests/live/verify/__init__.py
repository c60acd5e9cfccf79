"""Each fault that a deployment can have, on servers of the loopback interface."""
