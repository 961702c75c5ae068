"""Detectors of the supply: feeds, uninterruptible supplies, generators."""
