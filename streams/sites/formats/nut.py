"""Network UPS Tools: the lines of its network protocol, and a UPS's variables as telemetry."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isfinite

from streams.telemetry.power import Feed, PowerReading, PowerStatus

_LINE = re.compile(r'(?:VAR|UPS) (?P<names>\S+(?: \S+)?) "(?P<value>(?:[^"\\]|\\.)*+)"')
_PHASES = ("input.L1-N.voltage", "input.L2-N.voltage", "input.L3-N.voltage")
DEAD_VOLTAGE = 20.0
"""Below this there is no supply, V, and so no frequency."""


def listing(lines: Iterable[str]) -> dict[str, str]:
    """Read the lines of an answer to LIST VAR or LIST UPS: what stands before the quoted value, and the value.

    Lines that are none (a vendor's line feed in a value) are passed over.
    """
    found = (_LINE.fullmatch(line) for line in lines)
    return {match["names"].split(" ")[-1]: re.sub(r"\\(.)", r"\1", match["value"]) for match in found if match}


def status(variables: Mapping[str, str], site: str, device: str, at: datetime) -> PowerStatus | None:
    """Make a UPS's status of its variables; None for what has none, such as a power distribution unit.

    Values that are no numbers ("3:58", "65535 #BAD") or out of range are left out.
    """
    flags = [flag[:256] for flag in variables.get("ups.status", "").split()]
    if not flags:
        return None
    return PowerStatus(
        site=site,
        device=device,
        time=at,
        status=flags,
        input_voltage=_input_voltage(variables),
        battery_charge=_number(variables.get("battery.charge"), 100.0),
        battery_runtime=_number(variables.get("battery.runtime"), 1e9),
        transfer_reason=variables.get("input.transfer.reason", "")[:256] or None,
    )


def reading(variables: Mapping[str, str], site: str, device: str, at: datetime, feed: Feed) -> PowerReading | None:
    """Make a reading of the feed before a UPS; None when it does not measure voltage and frequency.

    A dead feed has no frequency, whatever the UPS says of the last one.
    """
    voltage = _input_voltage(variables)
    frequency = _number(variables.get("input.frequency"), 100.0)
    if voltage is not None and voltage < DEAD_VOLTAGE:
        frequency = 0.0
    if voltage is None or frequency is None:
        return None
    load = _number(variables.get("input.realpower", variables.get("ups.realpower")), 1e7)
    return PowerReading(site=site, device=device, time=at, feed=feed, voltage=voltage, frequency=frequency, load=load)


def _input_voltage(variables: Mapping[str, str]) -> float | None:
    """Return the input's voltage, the lowest of three phases, V."""
    if "input.voltage" in variables:
        return _number(variables["input.voltage"], 1000.0)
    phases = [_number(variables.get(phase), 1000.0) for phase in _PHASES]
    return min((volt for volt in phases if volt is not None), default=None)


def _number(text: str | None, most: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) and 0.0 <= value <= most else None
