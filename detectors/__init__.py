"""Online-learning detectors: pure, one file each, in river's idiom. `bank.catalogue()` lists them."""

from detectors import compiled

WAY = compiled.use()
"""How the core runs, which is settled before any of it is imported."""
