"""Grading of writing: what is measured in an answer, and the graders that use it."""
