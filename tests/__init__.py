"""Chowk's tests; docs/testing.md says how they run."""
