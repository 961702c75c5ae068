"""What becomes of a row that can't be read: it is kept where people look, said aloud, and its site starts cold."""

import logging
from hashlib import blake2b
from math import isfinite

from streams import metrics
from streams.incidents.model import Finding, Output, moment
from streams.worker.checkpoints import MARK, STATE, Unread
from streams.worker.publisher import DEAD_LETTERS, Outbox

log = logging.getLogger("tocsin.worker")

DETECTOR = "platform.memory"


async def set_aside(outbox: Outbox, partition: int, time: float, unread: Unread) -> None:
    """Send an unreadable row to `dead-letters` and a finding of the platform's own, then delete it.

    Doing so again, after a kill in between, publishes the same finding. A mark that can't be read concerns no site: the
    log is read from where it begins, and each site skips to its own row.
    """
    metrics.STATES_REFUSED.inc()
    log.error("%s of %s/%d is set aside: %s", unread.key, STATE, partition, unread.reason)
    where = {"topic": STATE, "partition": str(partition), "offset": "", "principal": ""}
    said = {"reason": f"no state of this version: {unread.reason}", "field": "", **where}
    headers = [(name, text.encode()) for name, text in said.items()]
    await outbox.send(DEAD_LETTERS, unread.key.encode(), unread.raw, headers=headers)
    if unread.key != MARK:
        finding = forgotten(unread, time if isfinite(time) else 0.0)
        await outbox.publish([Output(time, "finding", finding)])
    await outbox.settle()
    await outbox.send(STATE, unread.key.encode(), None, partition)


def forgotten(unread: Unread, time: float) -> Finding:
    """Make the finding that tells of a site whose state is lost."""
    return Finding(
        id=blake2b(b"%s|%s" % (unread.key.encode(), unread.raw), digest_size=10).hexdigest(),
        site=unread.key,
        device="tocsin",
        # The contract names five domains and none for the platform; people who watch the alarm are those to tell.
        domain="alarm",
        detector=DETECTOR,
        time=moment(time),
        score=1.0,
        summary="The platform has lost what it had learnt of this site and learns it anew.",
        evidence={"reason": unread.reason, "bytes": len(unread.raw)},
    )
