"""Answers to writing tasks that a scripted model is asked about, beside the real measuring."""
