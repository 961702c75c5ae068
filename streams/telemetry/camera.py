"""`telemetry.camera`: cameras and their recorder, in ONVIF's terms."""

from typing import Literal

from streams.telemetry.envelope import Count, Fraction, FramesPerSecond, KilobitPerSecond, Telemetry, Time

TOPIC = "telemetry.camera"

OnvifTopic = Literal[
    "VideoSource/SignalLoss",
    "VideoSource/GlobalSceneChange",
    "VideoSource/ImageTooDark",
    "VideoSource/ImageTooBlurry",
    "Device/HardwareFailure/StorageFailure",
    "RecordingHistory/DeleteTrackData",
]


NUMBERS = ("fps", "bitrate", "luminance", "sharpness", "scene_change")


class CameraStatus(Telemetry, frozen=True, kw_only=True, gc=False, tag="camera.status"):
    """A camera's stream; without connection the numbers are zero or left out."""

    connected: bool
    fps: FramesPerSecond | None = None
    bitrate: KilobitPerSecond | None = None
    luminance: Fraction | None = None
    sharpness: Fraction | None = None
    scene_change: Fraction | None = None

    def __post_init__(self) -> None:
        """Ask a connected camera for every number."""
        if self.connected and None in (self.fps, self.bitrate, self.luminance, self.sharpness, self.scene_change):
            missing = next(name for name in NUMBERS if getattr(self, name) is None)
            raise ValueError(f"Object missing required field `{missing}`")


class CameraEvent(Telemetry, frozen=True, kw_only=True, gc=False, tag="camera.event"):
    """An ONVIF event: `state` says whether the condition began or ended."""

    topic: OnvifTopic
    state: bool


class RecorderStatus(Telemetry, frozen=True, kw_only=True, gc=False, tag="recorder.status"):
    """The recorder's disks and what it still holds."""

    disks: Count
    disks_expected: Count
    recording: bool
    oldest_footage: Time | None = None


Event = CameraStatus | CameraEvent | RecorderStatus
