"""An incident's timeline as a picture: a lane a domain, time from left to right, a point a step, larger the surer.

Pure geometry; the template draws it as SVG. All lengths are in the picture's own units, which are pixels at full size.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from math import sqrt
from typing import NamedTuple, get_args
from zoneinfo import ZoneInfo

from detectors.bank import catalogue
from streams.incidents.model import Domain, Incident, Step

LANES: tuple[Domain, ...] = get_args(Domain)
TOP, BOTTOM = 8.0, 26.0
ROW, ROWS = 17.0, 3
"""Height of a line of titles, and how many a lane has."""
LANE = ROW * ROWS + 10.0
LETTER = 6.1
"""Width of a letter of the titles."""
LEAST_SPAN = timedelta(minutes=4)
STEPS_S = (10, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800)
"""Distances of the marks on the time axis, s."""


class Point(NamedTuple):
    """One step: where it lies, how large it is, and its title where there is room for one."""

    number: int
    x: float
    y: float
    radius: float
    step: Step
    title: str
    label: bool
    flip: bool
    """The title stands to the left of the point."""

    @property
    def text_x(self) -> float:
        """Where its title begins, or ends if it is flipped."""
        return self.x - self.radius - 4 if self.flip else self.x + self.radius + 4


class Lane(NamedTuple):
    """One domain's strip."""

    domain: Domain
    y: float
    height: float
    seen: bool


class Mark(NamedTuple):
    """One mark of the time axis."""

    x: float
    text: str


class Picture(NamedTuple):
    """What is to be drawn: from the time `first` on, `scale` to the second."""

    width: float
    height: float
    left: float
    first: datetime
    scale: float
    lanes: list[Lane]
    marks: list[Mark]
    points: list[Point]

    def across(self, at: datetime) -> float:
        """Where a moment lies from left to right."""
        return round(self.left + (at - self.first).total_seconds() * self.scale, 1)


def titles() -> dict[str, str]:
    """Say in a few words what each detector notices."""
    return {kind.name: kind.title for kind in catalogue()}


def draw(incident: Incident, width: float, zone: ZoneInfo | None = None) -> Picture:
    """Lay an incident out over `width`; the axis is in the site's own time where that is known, else in UTC."""
    named = titles()
    left = 74.0 if width > 600 else 58.0
    lanes = [Lane(domain, TOP + LANE * number, LANE, domain in incident.domains) for number, domain in enumerate(LANES)]
    height = TOP + LANE * len(LANES) + BOTTOM
    times = [step.time for step in incident.timeline] or [incident.opened]
    first, last = min(times), max(times)
    slack = max((last - first) * 0.04, (LEAST_SPAN - (last - first)) / 2, timedelta(seconds=5))
    first, last = first - slack, last + slack
    scale = (width - left - 14.0) / (last - first).total_seconds()
    drawn = Picture(width, height, left, first, scale, lanes, [], [])
    for lane in lanes:
        steps = [(n, step) for n, step in enumerate(incident.timeline, 1) if step.domain == lane.domain]
        drawn.points.extend(_place(steps, lane, [drawn.across(step.time) for _, step in steps], named, (left, width)))
    marks = _clock(first, last, zone, most=max(2, int(width // 95)))
    drawn.marks.extend(Mark(drawn.across(at), text) for at, text in marks)
    return drawn


def _place(
    steps: Sequence[tuple[int, Step]],
    lane: Lane,
    xs: Sequence[float],
    named: dict[str, str],
    edges: tuple[float, float],
) -> list[Point]:
    """Put each step on a line of its lane: the surest of each title where there is room for words, the rest below.

    A burst is many steps of few titles, so words say each once; every step is in the list of evidence below.
    """
    taken: list[list[tuple[float, float]]] = [[] for _ in range(ROWS - 1)]
    told: set[str] = set()
    points = []
    for (number, step), x in sorted(zip(steps, xs, strict=True), key=lambda one: (-one[0][1].score, one[1])):
        title = named.get(step.detector, step.detector)
        radius = round(3.0 + 4.5 * sqrt(max(step.score, 0.0)), 1)
        long = LETTER * len(title) + radius + 10
        flip = x + long > edges[1]
        start, end = (x - long, x + radius + 2) if flip else (x - radius - 2, x + long)
        free = [n for n, spans in enumerate(taken) if all(end <= first or start >= last for first, last in spans)]
        label = bool(free) and title not in told and start >= edges[0]
        row = free[0] if label else ROWS - 1
        if label:
            taken[row].append((start, end))
            told.add(title)
        y = lane.y + 5 + ROW * (row + 0.5)
        points.append(Point(number, x, round(y, 1), radius, step, title, label, flip))
    return sorted(points, key=lambda point: point.number)


def _clock(first: datetime, last: datetime, zone: ZoneInfo | None, most: int) -> Iterator[tuple[datetime, str]]:
    """Yield round moments between two others, at most so many, and how they are written."""
    span = (last - first).total_seconds()
    step = next((step for step in STEPS_S if span / step <= most), STEPS_S[-1])
    own = zone or UTC
    offset = (first.astimezone(own).utcoffset() or timedelta()).total_seconds()
    form = "%H:%M:%S" if step < 60 else "%H:%M" if span < 86400 else "%a %H:%M" if step < 86400 else "%d %b"
    at = (first.timestamp() + offset) // step * step + step - offset
    while at < last.timestamp():
        moment = datetime.fromtimestamp(at, UTC)
        yield moment, f"{moment.astimezone(own):{form}}"
        at += step
