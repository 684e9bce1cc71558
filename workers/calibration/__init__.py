"""Calibration on examiners' marks: read them, measure the answers, fit, judge the fit."""
