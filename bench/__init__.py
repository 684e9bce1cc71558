"""Benchmarks, each run as ``python -m bench.NAME``; figures are of the machine they run on."""
