"""Which cameras are without signal right now: the memory shared by the detectors of lost cameras."""

from detectors.events import CameraEvent, CameraStatus

LOSS = "VideoSource/SignalLoss"


def lost(event: CameraEvent | CameraStatus) -> bool | None:
    """Whether this object says that its camera has no signal; None when it says nothing of it."""
    connected = getattr(event, "connected", None)
    if connected is not None:
        return not connected
    if getattr(event, "topic", None) == LOSS:
        return bool(getattr(event, "state", False))
    return None
