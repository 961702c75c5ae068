"""`telemetry.shipment`: orders, docks and the gate, after GS1/EDIFACT DESADV."""

from typing import Annotated, Literal

from msgspec import Meta

from streams.telemetry.envelope import Count, Euro, Fraction, Telemetry, Text, Time
from streams.telemetry.rfid import Sscc

TOPIC = "telemetry.shipment"

Plate = Annotated[
    str, Meta(min_length=1, max_length=256, description="compared in upper case, letters and digits only")
]


class ShipmentPlanned(Telemetry, frozen=True, kw_only=True, gc=False, tag="shipment.planned"):
    """An order, as the warehouse or transport system has it."""

    order: Text
    window_start: Time
    window_end: Time
    carrier: Text
    plates: Annotated[list[Plate], Meta(description="registered vehicles")]
    ssccs: list[Sscc]
    items: Count
    value: Euro
    approved_by: Annotated[list[Text], Meta(description="people")]


class ShipmentGate(Telemetry, frozen=True, kw_only=True, gc=False, tag="shipment.gate"):
    """The number-plate camera at the gate."""

    plate: Plate
    direction: Literal["in", "out"]
    likelihood: Fraction


class ShipmentLoaded(Telemetry, frozen=True, kw_only=True, gc=False, tag="shipment.loaded"):
    """A pallet goes over a dock."""

    dock: Text
    sscc: Sscc | None = None
    items: Count | None = None
    plate: Plate | None = None
    order: Text | None = None


class ShipmentDeparted(Telemetry, frozen=True, kw_only=True, gc=False, tag="shipment.departed"):
    """A vehicle leaves with goods."""

    plate: Plate
    pallets: Count
    items: Count
    order: Text | None = None
    seal: Text | None = None


Event = ShipmentPlanned | ShipmentGate | ShipmentLoaded | ShipmentDeparted
