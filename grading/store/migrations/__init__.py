"""The schema, one numbered step after another: additive first, destructive a release later."""
