"""Detectors of orders, docks and the gate."""
