"""A command that an incident gave, and what became of it at the site."""

from typing import Literal

from detectors.state import part
from streams.incidents.model import Command, Mode, Ordered, Outcome, moment

Name = Literal["lockdown", "release", "hold_shipment"]


@part
class Order:
    """One command; times in Unix seconds of the arrival clock.

    Attributes
    ----------
    outcome, by
        What was confirmed last, and by whom; empty as long as nothing was.
    """

    __slots__ = ("at", "by", "command", "id", "mode", "outcome")

    def __init__(self, name: str, command: Name, mode: Mode, now: float) -> None:
        self.id = name
        self.command: Name = command
        self.mode: Mode = mode
        self.at = now
        self.outcome: Outcome | None = None
        self.by: str | None = None

    def give(self, site: str, incident: str, reason: str) -> Command:
        """Tell the site."""
        return Command(
            id=self.id,
            site=site,
            command=self.command,
            incident=incident,
            reason=reason,
            time=moment(self.at),
            mode=self.mode,
        )

    def tell(self) -> Ordered:
        """Tell how it stands."""
        return Ordered(
            id=self.id,
            command=self.command,
            mode=self.mode,
            time=moment(self.at),
            outcome=self.outcome,
            by=self.by,
        )
