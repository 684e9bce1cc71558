"""Tests on real servers, without the processes of the service."""
