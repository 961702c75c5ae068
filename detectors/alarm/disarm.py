"""The alarm is switched off at an hour, or by somebody, that this site does not know."""

from collections.abc import Iterable
from math import exp

from detectors.base import Detector, Row, Sign
from detectors.events import AlarmSignal
from detectors.scene import Scene

DAY_S = 86400.0
HALF_WIDTH = 1.25
"""Hours around an earlier opening in which another is no surprise; it fades out to twice that."""
OFTEN = 15
"""Openings of a user after which the user's own hours are known."""
YOUNG_S = 7 * DAY_S
"""Until a site has been known for so long its odd hours may just not have been met."""
KEPT = 60
"""Openings that are remembered: some weeks."""
USERS = 300
"""Users that are remembered."""


class Disarm(Detector[AlarmSignal]):
    """Fires on an opening (OP) outside the hours in which this site has been opened before.

    Declared hours are where it starts from. What counts is how often the alarm was switched off about this time of day
    in the last weeks, on days of this kind: a night shift is no news, and a new one is none after some days. At a young
    site all this weighs less. A user never seen before adds to an odd hour, and alone is a weak sign where the circle
    of users has long been closed; so is one who comes at an hour that is the site's but never was this user's.
    """

    name = "alarm.disarm"
    title = "disarmed out of hours"
    domain = "alarm"
    sort = "learnt"
    stage = "alarm"
    reads = ("alarm.signal",)
    scope = "site"
    rate = 0.06
    hit = 0.25

    def __init__(self) -> None:
        self.openings: list[tuple[float, int, float]] = []
        self.users: dict[str, tuple[float, int, int]] = {}
        self.first = 0.0
        self.settled = 0

    def score_one(self, event: AlarmSignal, scene: Scene) -> Sign | None:
        if event.code != "OP":
            return None
        local = scene.local(scene.time)
        usual = self._usual(scene)
        stranger = event.user is not None and event.user not in self.users and self._settled()
        hour = f"{local:%H:%M} on a {local:%A}"
        who = f" by {event.user}" if event.user else ""
        numbers = {"user": event.user, "local": f"{local:%a %H:%M}", "usual": round(usual, 3), "new_user": stranger}
        if usual < 0.25:
            score = (0.75 if local.hour < 5 or local.hour >= 22 else 0.6) * exp(-4.0 * usual) * self._known(scene)
            score = min(score + (0.15 if stranger else 0.0), 0.9)
            return Sign(
                score, f"The alarm was switched off at {hour}{who}, when it never is.", numbers, key="hours", hour=1.0
            )
        if stranger and self.settled >= 30:
            summary = f"The alarm was switched off at {hour} by {event.user}, who never did so before."
            return Sign(0.2, summary, numbers, key="user")
        if event.user is not None and self._unlike(event.user, local.hour):
            summary = f"The alarm was switched off at {hour} by {event.user}, who comes at other hours."
            return Sign(0.15, summary, numbers, key="shift")
        return None

    def learn_one(self, event: AlarmSignal, scene: Scene) -> None:
        if event.code != "OP":
            return
        local = scene.local(scene.time)
        self.first = self.first or scene.time
        self.openings = self.openings[-KEPT + 1 :]
        self.openings.append((local.hour + local.minute / 60.0, _kind(local.weekday()), scene.time))
        if event.user is not None:
            self.settled = self.settled + 1 if event.user in self.users else 0
            _, count, hours = self.users.get(event.user, (0.0, 0, 0))
            self.users[event.user] = scene.time, count + 1, hours | 1 << local.hour
            if len(self.users) > USERS:
                del self.users[min(self.users, key=lambda name: (self.users[name][0], name))]

    def _settled(self) -> bool:
        """Whether the circle of users is known: the latest openings brought nobody new."""
        return len(self.openings) >= 10 and self.settled >= 3

    def _known(self, scene: Scene) -> float:
        """How far the site's ways are known, 0–1."""
        least = 0.5 if scene.hours.declared is None else 0.7
        return min(least + (1.0 - least) * max(scene.time - scene.first, 0.0) / YOUNG_S, 1.0)

    def _unlike(self, user: str, hour: int) -> bool:
        """Whether a user who came often never came within three hours of this one."""
        _, count, hours = self.users.get(user, (0.0, 0, 0))
        return count >= OFTEN and not any(hours >> (hour + shift) % 24 & 1 for shift in range(-3, 4))

    def _usual(self, scene: Scene) -> float:
        """Share of comparable days on which the alarm was switched off about this hour, 0–1."""
        local = scene.local(scene.time)
        at, kind = local.hour + local.minute / 60.0, _kind(local.weekday())
        since = self.openings[0][2] if len(self.openings) == KEPT else scene.first
        days = min(max(scene.time - since, 0.0) / DAY_S, 28.0)
        comparable = max(days * (5.0, 1.0, 1.0)[kind] / 7.0, 1.0)
        near = 0.0
        seen = set()
        for hour, of_kind, when in self.openings:
            day = int(when // DAY_S)
            if scene.time - when > 28 * DAY_S or day in seen or of_kind != kind:
                continue
            off = abs(hour - at)
            closeness = min(max(2.0 - min(off, 24.0 - off) / HALF_WIDTH, 0.0), 1.0)
            if closeness > 0.0:
                near += closeness
                seen.add(day)
        expected = scene.open(scene.time) if scene.hours.declared is not None else self._familiar(scene, days)
        return (near + (2.0 if expected else 0.0)) / (comparable + 2.0)

    def _familiar(self, scene: Scene, days: float) -> bool:
        """Without declared hours: whether this hour is an ordinary one, or too little is known to say."""
        local = scene.local(scene.time)
        if days < 1.0:
            return 4 <= local.hour < 22
        return scene.hours.worked(local)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        for day in range(5):
            yield _opening(day * 24 + 5.7, f"u-{day % 3}")
            yield {**_opening(day * 24 + 20.1, "u-1"), "code": "CL"}

    @classmethod
    def firing(cls) -> Iterable[Row]:
        for day in range(4):
            yield _opening(day * 24 + 5.7, f"u-{day % 3}")
        yield _opening(4 * 24 + 1.8, "u-9")


def _kind(weekday: int) -> int:
    return max(weekday - 4, 0)


def _opening(hours: float, user: str) -> Row:
    return {"t": hours * 3600.0, "type": "alarm.signal", "device": "panel-1", "code": "OP", "user": user}
