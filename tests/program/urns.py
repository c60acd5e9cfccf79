"""What the engine knows each resource by: the URNs of the fixture stacks, which must not change unnoticed."""
