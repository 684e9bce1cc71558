"""Tests of the whole stack through its public door."""
