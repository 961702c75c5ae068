"""`telemetry.rfid`: tags read, labels written, zones counted, in GS1 EPCIS/CBV's terms."""

from typing import Annotated, Literal

from msgspec import Meta

from streams.telemetry.envelope import Count, DBm, Telemetry, Text

TOPIC = "telemetry.rfid"

Epc = Annotated[str, Meta(min_length=1, max_length=256, description="GS1 URI, e.g. urn:epc:id:sgtin:…")]
Sscc = Annotated[str, Meta(min_length=1, max_length=256, description="the pallet's GS1 URI, urn:epc:id:sscc:…")]
Tid = Annotated[str, Meta(pattern=r"^[0-9A-Fa-f]{1,256}(?!\n)$", description="chip id, hex")]


class RfidRead(Telemetry, frozen=True, kw_only=True, gc=False, tag="rfid.read"):
    """A tag was seen at a door or in a zone."""

    epc: Epc
    biz_step: Literal["storing", "picking", "staging_outbound", "loading", "departing", "cycle_counting"]
    read_point: Annotated[Text, Meta(description="door or zone")]
    tid: Tid | None = None
    sscc: Sscc | None = None
    authenticated: Annotated[bool, Meta(description="the tag's crypto answer")] | None = None
    rssi: DBm | None = None


class RfidEncode(Telemetry, frozen=True, kw_only=True, gc=False, tag="rfid.encode"):
    """A label was written or rewritten."""

    epc: Annotated[Epc, Meta(description="the new EPC")]
    tid: Tid
    biz_step: Literal["encoding"]
    previous_epc: Epc | None = None
    user: Text | None = None


class RfidCount(Telemetry, frozen=True, kw_only=True, gc=False, tag="rfid.count"):
    """A zone was counted."""

    zone: Text
    counted: Count
    expected: Count


Event = RfidRead | RfidEncode | RfidCount
