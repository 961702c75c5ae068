"""What a detector is: it scores one event, then learns from it, in river's idiom.

A detector is a class in a file of its own. Its class attributes say what it reads and how its findings are weighed; the
bank finds it, the contract test checks it, the README's table lists it. Everything is pure: time comes in with the
event (`scene.time`) or the tick, nothing is random, and `score_one` changes no state.
"""

from collections.abc import Iterable
from math import inf
from typing import Any, ClassVar, Generic, Literal, TypeVar

from detectors.scene import Scene

Domain = Literal["power", "alarm", "camera", "rfid", "shipment"]
Sort = Literal["definite", "learnt", "silent"]
Stage = Literal["supply", "alarm", "sight", "label", "goods", "egress"]
Row = dict[str, Any]
E_contra = TypeVar("E_contra", contravariant=True)


class Sign:
    """What a detector noticed.

    Parameters
    ----------
    score
        0–1: how sure, or how far outside what was learnt.
    summary
        One sentence that a guard understands; it names no site and ends with a full stop.
    evidence
        The numbers behind it; plain JSON values.
    device
        Whom it concerns; the event's device when empty.
    key
        Tells apart things that one device can show at once; a repeat of the same key is one finding.
    opens
        An explanation that is worth an incident of its own, though it weighs nothing.
    hour
        Share of the evidence that says no more than that somebody is at work at an odd hour, 0–1. One early shift
        shows itself to many detectors, so that this share counts once for the site.
    """

    __slots__ = ("device", "evidence", "hour", "key", "opens", "score", "summary")

    def __init__(
        self,
        score: float,
        summary: str,
        evidence: Row,
        device: str = "",
        key: str = "",
        opens: bool = False,
        hour: float = 0.0,
    ) -> None:
        self.score = score
        self.summary = summary
        self.evidence = evidence
        self.device = device
        self.key = key
        self.opens = opens
        self.hour = hour

    def __repr__(self) -> str:
        return f"Sign({self.score:.2f}, {self.summary!r}, {self.evidence!r}, device={self.device!r}, key={self.key!r})"


class Detector(Generic[E_contra]):
    """One thing to notice, at one device or at one site.

    Instance attributes are the detector's state. They must be plain values, containers of them, or the parts that
    `detectors.state` knows (river's statistics among them), so that a snapshot can carry them.
    """

    name: ClassVar[str]
    """Dotted, the domain first: `power.mains_loss`."""
    title: ClassVar[str]
    """What it notices, a few words for tables and dashboards."""
    domain: ClassVar[Domain]
    sort: ClassVar[Sort]
    stage: ClassVar[Stage]
    """The step of the chain that its findings belong to."""
    reads: ClassVar[tuple[str, ...]]
    """The `type`s of telemetry that it is shown."""
    scope: ClassVar[Literal["device", "site"]] = "device"
    rate: ClassVar[float]
    """Findings a site-day to expect in ordinary life before the site's own rate is learnt."""
    strong: ClassVar[float] = 0.25
    """Share of these that are as strong as a score of 0.8; its root is that of those as strong as 0.5."""
    hit: ClassVar[float]
    """How likely an attack that touches this domain shows it, 0–1."""
    timeless: ClassVar[bool] = False
    """Whether it weighs the same by day and by night: people at work neither cause it nor keep a thief from it."""
    alone: ClassVar[bool] = False
    """A definite sign of goods leaving, or being made to leave, with no right to: pages without a second domain."""
    explained_by: ClassVar[tuple[str, ...]] = ()
    """Detectors whose recent finding explains this one, which then counts for nothing of its own."""
    explains: ClassVar[tuple[str, ...]] = ()
    """Detectors whose findings, some minutes old ones too, count for nothing once it has one; its own weigh nothing."""
    memory_s: ClassVar[float] = 6 * 3600.0
    """Half-life of a finding as evidence, s."""
    repeat_s: ClassVar[float] = 3600.0
    """The same key within this time is the same finding, s."""

    starts_s: ClassVar[float] = inf
    """For one that has nothing to learn from an object and only ticks, for ever: how long after the first, s."""

    wake: float = inf
    """When it wants the next `tick`, Unix seconds; `inf` for never."""

    def score_one(self, event: E_contra, scene: Scene) -> Sign | None:
        """Judge one event by what was learnt before it; changes nothing."""
        return None

    def learn_one(self, event: E_contra, scene: Scene) -> None:
        """Learn from one event, after it was scored; where there is nothing to learn, begin to tick."""
        if self.wake == inf > self.starts_s:
            self.wake = scene.clock + self.starts_s

    def step(self, event: E_contra, scene: Scene) -> Sign | None:
        """Score, then learn."""
        sign = self.score_one(event, scene)
        self.learn_one(event, scene)
        return sign

    def again(self, event: E_contra, scene: Scene) -> Sign | None:
        """Judge the exact copy of an event that was heard before, and learn from it; it counts for nothing else."""
        return None

    def tick(self, now: float, scene: Scene) -> Iterable[Sign]:
        """Say what the passing of time alone shows at `now` (arrival clock, Unix seconds); also moves `wake`."""
        return ()

    @classmethod
    def quiet(cls) -> Iterable[Row]:
        """Ordinary telemetry that must give no finding: wire fields, with `t` in seconds for `time`; no `site`."""
        raise NotImplementedError

    @classmethod
    def firing(cls) -> Iterable[Row]:
        """Telemetry that must give a finding."""
        raise NotImplementedError
