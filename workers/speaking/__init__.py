"""Grades recorded answers: decodes, listens, transcribes, measures, and applies the rubric."""
