"""What every telemetry object has, and the ranges and units that the domains share."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta, Struct

# No `$` alone ends a pattern here: Python's also matches before a final line feed.
SITE_PATTERN = r"^[A-Z0-9-]{3,32}(?!\n)$"
LARGEST = 2**63 - 1  # what every store and client can still hold

Text = Annotated[str, Meta(min_length=1, max_length=256)]
Site = Annotated[str, Meta(pattern=SITE_PATTERN, description="site id")]
# A pattern costs as much as the rest of an object's decoding. A telemetry object's site must be its record's key,
# so `decode` matches the key, once for each key, and the pattern is only published here.
KeySite = Annotated[
    str,
    Meta(
        min_length=3,
        max_length=32,
        description="site id, equal to the record's key",
        extra_json_schema={"pattern": SITE_PATTERN},
    ),
]
Device = Annotated[str, Meta(min_length=1, max_length=64, description="who saw it: meter, panel, camera, reader, gate")]
Time = Annotated[datetime, Meta(tz=True, description="RFC 3339, UTC, to the millisecond")]
Sequence = Annotated[int, Meta(ge=0, le=LARGEST, description="one up per object of a device, across its types")]

Count = Annotated[int, Meta(ge=0, le=LARGEST)]
Fraction = Annotated[float, Meta(ge=0, le=1)]
Percent = Annotated[float, Meta(ge=0, le=100, description="%")]
Volt = Annotated[float, Meta(ge=0, le=1000, description="V; 0 is a dead feed")]
Hertz = Annotated[float, Meta(ge=0, le=100, description="Hz")]
Watt = Annotated[float, Meta(ge=-1e7, le=1e7, description="W")]
DBm = Annotated[float, Meta(ge=-150, le=30, description="dBm")]
FramesPerSecond = Annotated[float, Meta(ge=0, le=1000, description="1/s")]
KilobitPerSecond = Annotated[float, Meta(ge=0, description="kbit/s")]
Seconds = Annotated[float, Meta(ge=0, description="s")]
Euro = Annotated[float, Meta(ge=0, description="EUR")]


class Telemetry(Struct, frozen=True, kw_only=True, gc=False, tag_field="type"):
    """One thing that one device of one site saw."""

    site: KeySite
    device: Device
    time: Annotated[Time, Meta(description="when the device saw it (event time)")]
    sequence: Sequence | None = None
