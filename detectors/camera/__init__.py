"""Detectors of the cameras and their recorder."""
