"""Rules of the APIs that only their prose states: no schema holds them and no provider checks them.

A rule takes a body (or, where it says so, a resource's inputs) and yields what it finds.
"""
