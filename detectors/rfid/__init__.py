"""Detectors of tags read, labels written and zones counted."""
