"""What people have done about an incident, and the commands that it has given."""

from math import inf

from mypy_extensions import mypyc_attr

from detectors.base import Stage
from detectors.state import Part
from streams.incidents.model import Command, Mode
from streams.incidents.order import Name, Order
from streams.telemetry.control import Action, Confirmation, Policy

MOST_NOTES = 100
MOST_SAID = 500
"""Records of which it is remembered that they were taken."""
RELEASERS = 2
"""How many persons it takes to lift a command."""


@mypyc_attr(allow_interpreted_subclasses=True)
class Hands(Part):
    """The part of an incident's state that people make.

    Attributes
    ----------
    name
        The incident's id.
    notes
        What was said: Unix seconds, by whom, and what.
    said
        Ids of the records of people and actuators that were taken.
    orders
        The commands that were given.
    releasing
        Who asked for a release since the last page.
    released
        Whether people lifted the commands since the last page.
    """

    name: str
    # On the class, for a state that was frozen before people could act.
    acknowledged: str | None = None
    assigned: str | None = None
    notes: tuple[tuple[float, str, str], ...] = ()
    said: tuple[str, ...] = ()
    orders: tuple[Order, ...] = ()
    releasing: tuple[str, ...] = ()
    released: bool = False

    def concerns(self, record: Action | Confirmation) -> bool:
        """Whether a record is about this incident."""
        if isinstance(record, Action):
            return record.incident == self.name
        return any(order.id == record.command for order in self.orders)

    def hear(self, record: Action | Confirmation) -> bool:
        """Take what somebody did, or what became of a command; returns whether that changes anything."""
        if record.id in self.said:
            return False
        self.said = (*self.said, record.id)[-MOST_SAID:]
        return self._act(record) if isinstance(record, Action) else self._confirm(record)

    def _act(self, action: Action) -> bool:
        said = action.note
        match action.action:
            case "acknowledge" if self.acknowledged is None:
                self.acknowledged = action.by
            case "assign" if self.assigned != (action.to or action.by):
                self.assigned = action.to or action.by
            case "release" if not self.released and self._in_force() and action.by not in self.releasing:
                self.releasing = (*self.releasing, action.by)
                said = f"Asks for a release. {said or ''}".strip()
            case _ if said is None:
                return False
        if said is not None:
            self._note(action.time.timestamp(), action.by, said)
        return True

    def _confirm(self, told: Confirmation) -> bool:
        [order] = [order for order in self.orders if order.id == told.command]
        order.hear(told)
        said = f"{order.command}: {told.outcome}. {told.note or ''}".strip()
        self._note(told.time.timestamp(), told.by, said)
        return True

    def _note(self, at: float, by: str, note: str) -> None:
        self.notes = (*self.notes, (at, by, note))[-MOST_NOTES:]

    def command(self, stages: set[Stage], policy: Policy | None, now: float) -> list[Order]:
        """Give the commands that a critical incident has not given yet.

        They are advice unless the site's policy makes them automatic; what was advice before is then given again.

        Parameters
        ----------
        stages
            Those with evidence right now.
        policy
            The site's, where the evidence is as sure as it asks.
        """
        if self.released:
            return []
        wanted: list[Name] = ["lockdown"]
        if stages & {"label", "goods", "egress"}:
            wanted.append("hold_shipment")
        automatic = set(policy.automatic) if policy is not None else set()
        stands = {order.command: order.mode for order in self._in_force()}  # of several the last
        return [
            self._order(name, "automatic" if name in automatic else "advised", now)
            for name in wanted
            if name not in stands or (name in automatic and stands[name] == "advised")
        ]

    def _in_force(self) -> tuple[Order, ...]:
        """List the commands that were given since the last release."""
        released = [n for n, order in enumerate(self.orders, 1) if order.command == "release"]
        return self.orders[max(released, default=0) :]

    def _order(self, name: Name, mode: Mode, now: float) -> Order:
        """Give a command; the second of its kind has a number."""
        number = sum(order.command == name for order in self.orders) + 1
        order = Order(f"{self.name}-{name}" + (f"-{number}" if number > 1 else ""), name, mode, now)
        self.orders = (*self.orders, order)
        return order

    def release(self, site: str, now: float) -> list[Command]:
        """Lift what is in force once two persons have asked for it; automatically where it came so."""
        if self.released or len(self.releasing) < RELEASERS:
            return []
        self.released = True
        mode: Mode = "automatic" if any(order.mode == "automatic" for order in self._in_force()) else "advised"
        reason = f"{site}: released by {' and '.join(self.releasing)}."
        return [self._order("release", mode, now).give(site, self.name, reason)]

    def renew(self) -> None:
        """Ask people again: who acknowledged the incident or lifted its commands did so on other evidence."""
        self.acknowledged = None
        self.releasing, self.released = (), False

    def lapses(self) -> float:
        """When the next command is overdue, Unix seconds; `inf` for never."""
        return min((order.due for order in self.orders), default=inf)

    def lapse(self, now: float) -> bool:
        """Mark the commands that are overdue by now; returns whether any has become so."""
        late = [order for order in self.orders if order.due <= now]
        for order in late:
            order.overdue = True
        return bool(late)
