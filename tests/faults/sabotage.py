"""The pipeline, broken in one place at a time: what the checker must notice."""

from asyncio import sleep
from collections.abc import Callable
from itertools import cycle
from typing import Any

from msgspec.structs import replace

from streams.incidents.model import Finding, Incident, Output
from streams.worker import agents, checkpoints, runner
from streams.worker.agents import Refused
from streams.worker.partitions import Partitions
from streams.worker.publisher import Outbox
from streams.worker.runner import Runner


def swap(owner: type, **methods: Callable[..., Any]) -> None:
    """Put others in the place of a class's methods."""
    for name, method in methods.items():
        setattr(owner, name, method)


def ack_before_snapshot() -> None:
    """Commit what the core has seen, before it is in a row."""
    step = Runner.step

    async def acking(self: Runner) -> bool:
        worked = await step(self)
        self._durable(self.partition, self.cut())
        return worked

    swap(Runner, step=acking)


def mark_before_rows() -> None:
    """Say how far the rows reach while they are still to be written."""
    save = Runner.save

    async def hasty(self: Runner, budget: float) -> None:
        if (saving := self._round) is not None:
            value = checkpoints.mark(saving.time, saving.ends, {})
            await self.outbox.send(checkpoints.STATE, checkpoints.MARK.encode(), value, self.partition)
            await self.outbox.commit()
            await sleep(1.5)
        await save(self, budget)

    swap(Runner, save=hasty)


def skip_the_offset_check() -> None:
    """Learn what is read again as if it were new. Rows are written one by one, so that a kill may come in between."""
    runner.BUDGET = 0.0
    init = Runner.__init__

    def forgetful(self: Runner, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        self._ahead = {}

    swap(Runner, __init__=forgetful)


def _dropping(chosen: Callable[[Output], bool]) -> None:
    publish, dropped = Outbox.publish, [0]

    async def careless(self: Outbox, outputs: list[Output]) -> None:
        kept = []
        for output in outputs:
            dropped[0] += chosen(output)
            if not chosen(output) or dropped[0] % 3:
                kept.append(output)
        await publish(self, kept)

    swap(Outbox, publish=careless)


def drop_an_incident() -> None:
    """Publish two of three revisions."""
    _dropping(lambda output: isinstance(output.body, Incident))


def drop_a_finding() -> None:
    """Publish two of three findings."""
    _dropping(lambda output: isinstance(output.body, Finding) and output.body.detector != "counting")


def drop_a_dead_letter() -> None:
    """Forget half of what is refused."""
    bury, turn = agents.bury, cycle((True, False))

    async def hasty(runner: Runner, topic: str, refused: list[Refused]) -> None:
        await bury(runner, topic, [one for one in refused if next(turn)])

    agents.bury = hasty


def read_on_at_the_end() -> None:
    """Skip what came while nobody was there."""
    starts = Partitions._starts

    def late(self: Partitions, partition: int, state: Any, earliest: Any, latest: Any) -> dict[str, int]:
        found = starts(self, partition, state, earliest, latest)
        return {tp.topic: end for tp, end in latest.items() if tp.partition == partition} if state.ends else found

    swap(Partitions, _starts=late)


def number_by_process() -> None:
    """Name incidents by what a restart changes."""
    publish, names = Outbox.publish, dict[str, str]()

    async def renaming(self: Outbox, outputs: list[Output]) -> None:
        renamed = [
            Output(clock, event, replace(body, id=names.setdefault(body.id, f"{body.id}-{id(self)}")))
            if isinstance(body, Incident)
            else Output(clock, event, body)
            for clock, event, body in outputs
        ]
        await publish(self, renamed)

    swap(Outbox, publish=renaming)


SABOTAGE: dict[str, Callable[[], None]] = {
    deed.__name__: deed
    for deed in (
        ack_before_snapshot,
        mark_before_rows,
        skip_the_offset_check,
        drop_an_incident,
        drop_a_finding,
        drop_a_dead_letter,
        read_on_at_the_end,
        number_by_process,
    )
}
