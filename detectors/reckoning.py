"""Reckons the facts about one occasion together: each counts by how rarely it holds at this site.

An occasion is a loading at a dock, a departure, a pallet passing a door, a batch of labels rewritten.
"""

from collections.abc import Mapping
from math import exp, fsum

from detectors.habit import Habit
from detectors.scene import Scene
from detectors.state import Part

Facts = dict[str, str]
"""By name: a phrase when the fact holds, an empty string when not; what can't be told is left out."""
USUAL: dict[str, tuple[str, float]] = {
    "armed": ("when", 0.002),
    "armed_early": ("when", 0.02),
    "closed": ("when", 0.02),
    "off_window": ("window", 0.04),
    "far_off_window": ("window", 0.01),
    "no_order": ("right", 0.05),
    "no_order_goods": ("right", 0.03),
    "many_no_order": ("right", 0.004),
    "nothing_due": ("window", 0.03),
    "unknown_order": ("right", 0.04),
    "booked_late": ("right", 0.06),
    "booked_just": ("right", 0.01),
    "again": ("right", 0.004),
    "other_plate": ("lorry", 0.04),
    "new_plates": ("lorry", 0.05),
    "unseen_lorry": ("lorry", 0.05),
    "twin_lorry": ("lorry", 0.000001),
    "watched_lorry": ("lorry", 0.000001),
    "excess": ("goods", 0.01),
    "far_excess": ("goods", 0.002),
    "twice": ("goods", 0.0007),
    "record": ("goods", 0.004),
    "foreign_pallet": ("goods", 0.01),
    "relabelled": ("label", 0.003),
    "renamed": ("label", 0.0003),
    "unread": ("tags", 0.05),
    "less_than_loaded": ("goods", 0.03),
    "more_than_loaded": ("goods", 0.06),
    "far_more_than_loaded": ("goods", 0.003),
    "more_items": ("goods", 0.01),
    "far_more_items": ("goods", 0.002),
    "no_seal": ("seal", 0.15),
    "unregistered": ("lorry", 0.04),
    "altered_late": ("when", 0.05),
    "altered_lorry": ("lorry", 0.06),
    "altered_stranger": ("lorry", 0.02),
    "altered_goods": ("goods", 0.01),
    "altered_carrier": ("who", 0.01),
    "altered_hours": ("hours", 0.005),
    "unexpected": ("lorry", 0.35),
    "returns": ("lorry", 0.01),
    "not_signed_off": ("right", 0.04),
    "unplanned": ("right", 0.04),
    "unbooked": ("booking", 0.03),
    "many_unbooked": ("booking", 0.001),
    "heaps_unbooked": ("booking", 0.0002),
    "swapped": ("kind", 0.2),
    "registered": ("kind", 0.03),
    "stranger": ("who", 0.05),
    "bulk": ("size", 0.03),
    "huge": ("size", 0.005),
}
"""Each fact's group (facts of one group have one cause) and its share of occasions at an average site."""
SHARE = 0.2
"""What a second fact of the same group still adds: facts of one group have one cause."""
NOTABLE = 8.5
"""Nats from which on a loading is worth a finding."""
SURE = 12.0
"""Nats at which a loading is as likely wrong as right: a site has thousands a year, and many ways to be odd."""
STRONG = 3.5
"""Nats from which on one fact is strong by itself."""
DOUBTED = 0.85
"""The most that is believed of one strong fact, whatever small oddities come with it."""
LATE_S = 600.0
"""An event older than this says nothing about the intruder alarm as it stands now, s."""
SUSPECT = 0.05
"""How much is learnt from what looks wrong."""


def of_time(scene: Scene) -> Facts:
    """Tell whether people should be at work: the site's hours, and the intruder alarm as far as it is known."""
    shut = not scene.open(scene.time)
    facts: Facts = {"closed": "the site is closed" if shut else ""}
    if scene.armed is not None and scene.time > scene.clock - LATE_S:
        facts["armed"] = "the intruder alarm is set" if scene.armed and shut else ""
        facts["armed_early"] = "the intruder alarm is set" if scene.armed and not shut else ""
    return facts


class Case(Part):
    """What has been found about one loading: nats of surprise and a phrase by fact."""

    __slots__ = ("known", "nats", "phrases")

    def __init__(self) -> None:
        self.nats: dict[str, float] = {}
        self.phrases: dict[str, str] = {}
        self.known: dict[str, bool] = {}


class Reckoning(Part):
    """The habits of a site's docks, and how surprising a loading is by them."""

    __slots__ = ("habits",)

    def __init__(self) -> None:
        self.habits: dict[str, Habit] = {}

    def weigh(self, case: Case | None, facts: Facts) -> Case:
        """Return the case with these facts added; changes neither the habits nor the given case."""
        result = Case()
        if case is not None:
            result.nats, result.phrases, result.known = dict(case.nats), dict(case.phrases), dict(case.known)
        for name, phrase in facts.items():
            if phrase:
                if name not in result.nats:
                    habit = self.habits.get(name)
                    result.nats[name] = (habit or Habit(USUAL[name][1])).surprise()
                result.phrases[name] = phrase
        return result

    def learn(self, case: Case, facts: Facts) -> None:
        """Learn from a loading: each fact once, from what looks wrong only a little."""
        share = SUSPECT if total(case.nats) >= NOTABLE else 1.0
        for name, phrase in facts.items():
            holds = bool(phrase)
            before = case.known.get(name)
            if before is None or (holds and not before):
                habit = self.habits.setdefault(name, Habit(USUAL[name][1]))
                if before is None:
                    habit.learn(holds, share)
                else:
                    habit.yes += share
                case.known[name] = holds


def total(nats: Mapping[str, float]) -> float:
    """Add up surprise over groups: the greatest of each, and a share of its others."""
    return fsum(max(values) + SHARE * (sum(values) - max(values)) for values in _groups(nats).values())


def score(case: Case, easier: float = 0.0) -> float:
    """Turn a case into a score, 0–1; near 1 only when two strong facts of different causes agree.

    Parameters
    ----------
    easier
        Nats that are granted to occasions that are rarer, or have fewer ways to be odd, than loadings.
    """
    strong = sum(max(values) >= STRONG for values in _groups(case.nats).values())
    sure = sureness(total(case.nats) + easier)
    return sure if strong > 1 else min(sure, DOUBTED)


def hour(case: Case) -> float:
    """Share of a case's surprise that is only about the hour, 0–1."""
    whole = total(case.nats)
    return total({name: n for name, n in case.nats.items() if USUAL[name][0] == "when"}) / whole if whole else 0.0


def sureness(nats: float) -> float:
    """Turn nats of surprise into a score, 0–1."""
    return 1.0 / (1.0 + exp((SURE - nats) / 0.9))


def _groups(nats: Mapping[str, float]) -> dict[str, list[float]]:
    groups: dict[str, list[float]] = {}
    for name, value in nats.items():
        groups.setdefault(USUAL[name][0], []).append(value)
    return groups


def telling(case: Case) -> str:
    """Say what is wrong, the most telling first, at most three things."""
    ranked = sorted(case.nats, key=lambda name: (-case.nats[name], name))
    phrases = list(dict.fromkeys(case.phrases[name] for name in ranked))[:3]
    return ", ".join(phrases[:-1]) + " and " + phrases[-1] if len(phrases) > 1 else phrases[0]
