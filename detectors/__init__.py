"""Online-learning detectors: pure, one file each, in river's idiom. `bank.catalogue()` lists them."""
