"""From what is known to HTML: the templates, what they may call, and how times and numbers are written."""

import json
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

HERE = Path(__file__).parent
STAGES = {
    "supply": "power cut",
    "alarm": "alarm silenced",
    "sight": "cameras blinded",
    "label": "labels changed",
    "goods": "goods moved",
    "egress": "goods gone",
}


class Pages:
    """The templates of this folder; whatever is put into one is escaped."""

    def __init__(self) -> None:
        self._jinja = Environment(
            loader=FileSystemLoader(HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._jinja.filters |= {"utc": utc, "at": at, "clock": clock, "ago": ago, "numbers": numbers, "spaced": spaced}
        self._jinja.globals |= {"stage_names": STAGES, "fresh": fresh, "query": query}

    def render(self, template: str, **given: Any) -> str:
        """Fill in a template."""
        return self._jinja.get_template(template).render(given)


def fresh() -> str:
    """Make an id for a form, so that what is sent twice happens once."""
    return secrets.token_urlsafe(16)


def query(given: Mapping[str, Any]) -> str:
    """Write what a page was asked for, without what is empty."""
    return urlencode({name: value for name, value in given.items() if value})


def utc(moment: datetime) -> str:
    """Write a moment whole."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def at(moment: datetime, zone: ZoneInfo | None) -> str:
    """Write a moment in the site's own time, or in UTC where that is not known."""
    return f"{moment.astimezone(zone):%Y-%m-%d %H:%M %Z}" if zone else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def clock(moment: datetime, zone: ZoneInfo | None, days: bool = False) -> str:
    """Write the time of day, with the day where there are several."""
    return f"{moment.astimezone(zone or UTC):{'%a %H:%M:%S' if days else '%H:%M:%S'}}"


def ago(moment: datetime, now: datetime) -> str:
    """Say how long ago a moment was, e.g. `3 h`."""
    return spell(max(now - moment, timedelta()))


def spell(span: timedelta) -> str:
    """Write a span in its largest unit, e.g. `3 h`."""
    seconds = span.total_seconds()
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h" if seconds < 172_800 else f"{seconds / 86_400:.0f} d"


def numbers(evidence: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Write evidence as names and values; what is no plain value as JSON."""
    return [(spaced(name), _written(value)) for name, value in evidence.items()]


def spaced(name: str) -> str:
    """Write a field's name in words."""
    return name.replace("_", " ")


def _written(value: Any) -> str:
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "—"}[value]
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, list) and all(isinstance(each, str | int | float) for each in value):
        return ", ".join(map(_written, value)) or "—"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
