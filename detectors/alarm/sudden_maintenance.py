"""Work announced without notice in the night, or in the middle of what it would explain."""

from collections.abc import Iterable

from detectors.base import Detector, Row, Sign
from detectors.events import Announcement
from detectors.scene import Scene

NOTICE_S = 3600.0
"""How long before it begins work has to be announced to be believed without further ado, s."""


class SuddenMaintenance(Detector[Announcement]):
    """Doubts a silence that comes when it is needed: whoever can announce work can disarm a site with a few words.

    Work that begins within the hour is nothing special while people are at work and nothing else is going on. It is
    when an incident is open that somebody should look at, when nobody should be there, or when the very devices have
    just shown something that counts. Then the window explains nothing that was there before it; in the first two cases
    it explains nothing at all.

    It belongs to the alarm's domain: like disarming, it takes away eyes by a word.
    """

    name = "alarm.sudden_maintenance"
    title = "work announced at a suspicious moment"
    domain = "alarm"
    sort = "definite"
    stage = "alarm"
    reads = ("site.maintenance",)
    scope = "site"
    rate = 0.02
    hit = 0.25

    def score_one(self, event: Announcement, scene: Scene) -> Sign | None:
        begins = event.next(scene.clock)
        if begins >= scene.clock + NOTICE_S:
            return None
        closed = not scene.open(scene.clock)
        hides = sorted({domain for domain, device in scene.evidence if event.touches(domain, device)})
        if not (scene.troubled or closed or hides):
            return None
        score = (0.9 if closed else 0.6) if scene.troubled else 0.25 if closed else 0.4
        when = [
            *(["while an incident is open"] if scene.troubled else []),
            *(["outside opening hours"] if closed else []),
            *([f"after {' and '.join(hides)} had shown something"] if hides else []),
        ]
        evidence = {
            "id": event.name,
            "owner": event.owner,
            "reason": event.reason,
            "notice_s": round(max(begins - scene.clock, 0.0)),
            "incident": scene.troubled,
            "closed": closed,
            "hides": hides,
        }
        told = f"Work on {event.subject} was announced without notice {', '.join(when)}."
        overtime = 0.0 if scene.troubled or hides else 1.0
        return Sign(score, told, evidence, key=event.name, hour=overtime)

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        day = 86400
        yield _announced(day - 7200, "m-1", 2 * day, 2 * day + 3600)  # a night's work, announced the evening before
        yield _announced(day + 10 * 3600, "m-2", day + 10 * 3600, day + 12 * 3600)  # at once, in the morning

    @classmethod
    def firing(cls) -> Iterable[Row]:
        yield _announced(3000, "m-0", 3 * 86400, 4 * 86400)
        yield _announced(3600, "m-1", 3600, 7200)
        yield _announced(9000, "m-2", 9600, 12000)


def _announced(t: float, name: str, start: float, end: float) -> Row:
    return {"t": t, "type": "site.maintenance", "id": name, "from": start, "until": end, "domains": ["camera"]}
