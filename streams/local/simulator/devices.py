"""What stands in a simulated warehouse."""

from dataclasses import dataclass, field
from typing import Any

Body = dict[str, Any]
Event = tuple[float, "Device", Body]
"""What a device saw: Unix seconds of true time, the device, and the object without its envelope."""


@dataclass(slots=True, eq=False)
class Device:
    """One sender of telemetry."""

    name: str
    domain: str
    interval: float = 0.0
    """Seconds between two reports; 0 for devices that speak only when something happens."""
    skew: float = 0.0
    """Seconds that its clock is ahead."""
    drift: float = 0.0
    """Seconds that it gains a day until it is set right."""
    sequence: int | None = 0
    volatile: bool = False
    """Its sequence starts again when it is restarted."""
    due: float = 0.0
    outlives: bool = False
    """It reports over the cellular path, whatever happens to the site's line."""
    path: str = ""
    """Which of the panel's own paths it is: `ip` or `cellular`."""


@dataclass(slots=True, eq=False)
class Meter(Device):
    """Measures one feed."""

    feed: str = "grid-a"
    share: float = 1.0
    """Part of the house's load that hangs on this feed."""
    volts: float = 230.0
    prompt: bool = True
    """It reports a change at once and not only at its next interval."""
    has_load: bool = True


@dataclass(slots=True, eq=False)
class Radio(Device):
    """A wireless detector."""

    zone: str = "Z1"
    rssi: float = -70.0
    loss: float = 0.01
    """Share of its heartbeats that never arrive."""
    terse: bool = False
    """Its heartbeat carries no numbers."""


@dataclass(slots=True, eq=False)
class Camera(Device):
    """A camera with its usual picture."""

    outdoor: bool = False
    fps: float = 15.0
    bitrate: float = 2000.0
    sharpness: float = 0.7
    lit: float = 0.5
    """Luminance of its usual picture by day or with the lights on."""
    infrared: float = 0.2
    """Luminance with its infrared lamp."""
    bustle: float = 0.1
    """Scene change when the house is busy."""
    gain: float = 1.0
    night: bool = False
    tape: list[Body] = field(default_factory=list)
    """The pictures that the recorder is fed instead of what it sees."""


@dataclass(slots=True, eq=False)
class Recorder(Device):
    """The video recorder."""

    disks: int = 8
    retention: float = 30 * 86400.0
    """Seconds of footage kept."""
    purge: float = 2.5
    """Local hour of the nightly deletion."""
    tells_age: bool = True
