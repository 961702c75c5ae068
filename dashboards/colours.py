"""What colours mean: how bad a value is, and which domain or severity a line stands for."""

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"
GREY = "#70757d"

DOMAINS = {"power": "#d0942a", "alarm": "#e05a62", "camera": "#8f76dd", "rfid": "#37a5a5", "shipment": "#5b94c4"}
"""The console's hues, between those of its light and its dark face."""
SEVERITIES = {"info": BLUE, "warning": YELLOW, "critical": RED}
UNKNOWN: Json = {"type": "special", "options": {"match": "null+nan", "result": {"text": "–", "color": GREY}}}
"""What nobody tells is grey: it is neither well nor bad."""


def steps(*limits: tuple[float, str], base: str = GREEN) -> Json:
    """Choose colours from a value upwards, after a base colour."""
    given = [{"color": color, "value": value} for value, color in limits]
    return {"mode": "absolute", "steps": [{"color": base, "value": None}, *given]}


PLAIN = steps(base=BLUE)


def hued(hues: Mapping[str, str]) -> list[Json]:
    """Give series their colours by their names, whichever of them are there."""
    return [
        {
            "matcher": {"id": "byName", "options": name},
            "properties": [{"id": "color", "value": {"mode": "fixed", "fixedColor": hue}}],
        }
        for name, hue in hues.items()
    ]
