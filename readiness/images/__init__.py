"""Which images cleanup would delete and keep, proved before it may delete: pure, standard library only."""
