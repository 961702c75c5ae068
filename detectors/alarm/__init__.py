"""Detectors of the intruder alarm: its radio, its paths, its signals."""
