"""What a UPS's flags say, in terms that the power detectors share."""

from detectors.events import PowerStatus

TESTS = ("selftest", "test", "calibration", "manual")
"""Words in a transfer reason that tell of an intended run on battery."""
DEAD_INPUT = 100.0
"""V; an input below this is lost, one above it only sagged."""


def intended(event: PowerStatus) -> bool:
    """Whether it runs on battery because it was asked to."""
    if "CAL" in event.status or "TEST" in event.status:
        return True
    reason = event.transfer_reason
    return reason is not None and any(word in reason.lower().replace("_", "").replace(" ", "") for word in TESTS)


def unfed(event: PowerStatus) -> bool:
    """Whether it runs on battery against its will: no test, and its input is not known to be live."""
    if "OB" not in event.status or intended(event):
        return False
    return event.input_voltage is None or event.input_voltage < DEAD_INPUT or "LB" in event.status


def low(event: PowerStatus) -> bool:
    """Whether a UPS on battery will not last."""
    if "OB" not in event.status:
        return False
    charge, runtime = event.battery_charge, event.battery_runtime
    return "LB" in event.status or (charge is not None and charge < 20.0) or (runtime is not None and runtime < 180.0)
