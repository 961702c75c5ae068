"""A command that an incident gave, and what became of it at the site."""

from math import inf
from typing import Literal

from mypy_extensions import mypyc_attr

from detectors.state import Part
from streams.incidents.model import Command, Mode, Ordered, Outcome, moment
from streams.telemetry.control import Confirmation

CONFIRM_S = 30.0
"""Within this time an automatic command is confirmed by the site, s."""
Name = Literal["lockdown", "release", "hold_shipment"]


@mypyc_attr(allow_interpreted_subclasses=True)
class Order(Part):
    """One command; times in Unix seconds of the arrival clock.

    Attributes
    ----------
    outcome, by
        What was confirmed last, and by whom; empty as long as nothing was.
    overdue
        Whether it is automatic and was not confirmed in time.
    """

    __slots__ = ("at", "by", "command", "id", "mode", "outcome", "overdue")

    def __init__(self, name: str, command: Name, mode: Mode, now: float) -> None:
        self.id = name
        self.command: Name = command
        self.mode: Mode = mode
        self.at = now
        self.outcome: Outcome | None = None
        self.by: str | None = None
        self.overdue = False

    @property
    def due(self) -> float:
        """When it is overdue unless it is confirmed before; `inf` for never."""
        waiting = self.mode == "automatic" and self.outcome is None and not self.overdue
        return self.at + CONFIRM_S if waiting else inf

    def hear(self, told: Confirmation) -> None:
        """Take what became of it."""
        self.outcome, self.by = told.outcome, told.by
        self.overdue = False

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
            overdue=self.overdue,
        )
