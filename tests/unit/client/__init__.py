"""Tests of the Python client and its command, against a server that follows a script."""
