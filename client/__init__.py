"""The Python client and the ``vstep-grading`` command."""
