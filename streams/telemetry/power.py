"""`telemetry.power`: feeds and uninterruptible power supplies."""

from typing import Annotated, Literal

from msgspec import Meta

from streams.telemetry.envelope import Hertz, Percent, Seconds, Telemetry, Text, Volt, Watt

TOPIC = "telemetry.power"

Feed = Literal["grid-a", "grid-b", "generator", "ups"]


class PowerReading(Telemetry, frozen=True, kw_only=True, gc=False, tag="power.reading"):
    """A meter's reading of one feed."""

    feed: Feed
    voltage: Volt
    frequency: Hertz
    load: Watt | None = None


class PowerStatus(Telemetry, frozen=True, kw_only=True, gc=False, tag="power.status"):
    """A UPS's state in NUT's terms."""

    status: Annotated[list[Text], Meta(description="NUT flags: OL, OB, LB, CHRG, BYPASS, OFF; unknown ones are kept")]
    input_voltage: Volt | None = None
    battery_charge: Percent | None = None
    battery_runtime: Seconds | None = None
    transfer_reason: Text | None = None


Event = PowerReading | PowerStatus
