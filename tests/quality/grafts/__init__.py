"""Attacks grafted onto a recording by another hand: the detectors meet a world that they were not built beside."""
