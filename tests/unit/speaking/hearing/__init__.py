"""Spoken answers that a scripted model is asked about, beside the real measuring."""
