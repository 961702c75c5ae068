"""Network UPS Tools: the lines of its network protocol, and a UPS's variables as telemetry."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from math import isfinite

from streams.telemetry.power import Feed, PowerReading, PowerStatus

_LINE = re.compile(r'(?:VAR|UPS) (?P<names>\S+(?: \S+)?) "(?P<value>(?:[^"\\]|\\.)*+)"')
_PHASE = re.compile(r"input(\.1)?\.L[123](-N)?\.voltage")
_HERTZ = ("input.frequency", "input.L1.frequency", "input.frequency.nominal", "output.frequency.nominal")
DEAD_VOLTAGE = 20.0
"""Below this there is no supply, V, and so no frequency."""
ASKED = frozenset(("CAL", "TEST", "OFF", "BYPASS", "FSD"))
"""Flags of a UPS that is on battery because somebody wants it, or that does not watch its input."""


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


def reading(
    variables: Mapping[str, str], site: str, device: str, at: datetime, feed: Feed, hertz: float = 50.0
) -> PowerReading | None:
    """Make a reading of the feed before a UPS; None when it does not measure the voltage.

    One that does not measure the frequency gets the nominal one, its own or else `hertz`. A dead feed has none,
    whatever the UPS says of the last one.
    """
    voltage = _input_voltage(variables)
    if voltage is None:
        return None
    found = (_number(variables.get(name), 100.0) for name in _HERTZ)
    frequency = 0.0 if voltage < DEAD_VOLTAGE else next((one for one in found if one), hertz)
    load = _number(variables.get("input.realpower", variables.get("ups.realpower")), 1e7)
    return PowerReading(site=site, device=device, time=at, feed=feed, voltage=voltage, frequency=frequency, load=load)


def cut_off(variables: Mapping[str, str]) -> bool:
    """Whether a UPS is on battery against its will."""
    flags = set(variables.get("ups.status", "").split())
    reason = variables.get("input.transfer.reason", "").lower()
    return "OB" in flags and not flags & ASKED and "test" not in reason


def supply(variables: Mapping[str, str]) -> dict[str, str]:
    """Return what a UPS shows of its input."""
    return {name: value for name, value in variables.items() if name.startswith("input.") and "transfer" not in name}


def unfed(variables: Mapping[str, str]) -> dict[str, str]:
    """Return a UPS's variables with an input that is dead."""
    shown = supply(variables)
    return {name: value for name, value in variables.items() if name not in shown} | {"input.voltage": "0"}


def _input_voltage(variables: Mapping[str, str]) -> float | None:
    """Return the input's voltage, the lowest of three phases, V."""
    volts = _number(variables.get("input.voltage", variables.get("input.1.voltage")), 1000.0)
    if volts is not None:
        return volts
    phases = [_number(value, 1000.0) for name, value in variables.items() if _PHASE.fullmatch(name)]
    return min((volt for volt in phases if volt is not None), default=None)


def _number(text: str | None, most: float) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if isfinite(value) and 0.0 <= value <= most else None
