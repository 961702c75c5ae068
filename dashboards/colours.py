"""What colours mean: how bad a value is, and which domain or severity a line stands for."""

from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.models.dashboard import (
    DashboardSpecialValueMapOptions,
    DynamicConfigValue,
    FieldColor,
    FieldColorModeId,
    SpecialValueMap,
    SpecialValueMatch,
    Threshold,
    ValueMappingResult,
)

GREEN, YELLOW, ORANGE, RED, BLUE = "green", "yellow", "orange", "red", "blue"
GREY = "#70757d"

DOMAINS = {"power": "#d0942a", "alarm": "#e05a62", "camera": "#8f76dd", "rfid": "#37a5a5", "shipment": "#5b94c4"}
"""The console's hues, between those of its light and its dark face."""
SEVERITIES = {"info": BLUE, "warning": YELLOW, "critical": RED}
UNKNOWN = SpecialValueMap(
    DashboardSpecialValueMapOptions(SpecialValueMatch.NULL_AND_NAN, ValueMappingResult(text="–", color=GREY))
)
"""What nobody tells is grey: it is neither well nor bad."""


def steps(*limits: tuple[float, str], base: str = GREEN) -> ThresholdsConfig:
    """Choose colours from a value upwards, after a base colour."""
    given = [Threshold(value, color) for value, color in limits]
    return ThresholdsConfig().steps([Threshold(color=base), *given])


PLAIN = steps(base=BLUE)


def stepped(thresholds: ThresholdsConfig) -> bool:
    """Say whether there is a colour beyond the base."""
    return len(thresholds.build().steps) > 1


def fixed(hue: str) -> list[DynamicConfigValue]:
    """Give a series a colour of its own."""
    return [DynamicConfigValue("color", FieldColor(FieldColorModeId.FIXED, hue))]
