"""Calls to providers of models: one client, its faults, its limits."""
