"""What the encoders have written of late, and which label each chip carries."""

from typing import Any

from detectors.freight import cap, chip, label, product
from detectors.state import Part
from detectors.tags import Tags

MOST = 1500
REWRITTEN_S = 2 * 86400.0
"""How long a rewritten label is remembered as such, s."""


class Labels(Part):
    """The memory of labels; all but `tags` is by the label's fingerprint, with the Unix seconds of the writing.

    Attributes
    ----------
    tags
        Which label each chip carries.
    rewritten, renamed
        Labels that took another's place, and those of them that name another product than it did.
    retired
        Labels whose place another took.
    """

    def __init__(self) -> None:
        self.tags = Tags()
        self.rewritten: dict[int, float] = {}
        self.renamed: dict[int, float] = {}
        self.retired: dict[int, float] = {}

    def read(self, event: Any, epc: int) -> None:
        """Take a tag's answer; `epc` is its label's fingerprint."""
        if event.tid is not None and epc not in self.retired:
            self.tags.pair(chip(event.tid), epc)

    def encode(self, event: Any, at: float) -> None:
        """Take a label written at Unix seconds `at`."""
        epc, before = label(event.epc), self.before(event)
        self.tags.pair(chip(event.tid), epc)
        self.retired.pop(epc, None)
        if before is None or before == epc:
            return
        _remember(self.retired, before, at)
        _remember(self.rewritten, epc, at)
        if event.previous_epc is not None and product(event.previous_epc) != product(event.epc):
            _remember(self.renamed, epc, at)

    def before(self, event: Any) -> int | None:
        """Answer which label a chip carried before this writing: by the encoder's word, else by what was read of it."""
        return self.tags.label(chip(event.tid)) if event.previous_epc is None else label(event.previous_epc)

    def was_rewritten(self, epc: int, at: float) -> bool:
        """Whether an encoder has put this label in another's place within the last days."""
        return epc in self.rewritten and at - self.rewritten[epc] < REWRITTEN_S

    def was_renamed(self, epc: int, at: float) -> bool:
        """Whether, doing so, it made another product of the goods."""
        return epc in self.renamed and at - self.renamed[epc] < REWRITTEN_S


def _remember(table: dict[int, float], epc: int, at: float) -> None:
    table.pop(epc, None)
    table[epc] = at
    while at - next(iter(table.values())) > REWRITTEN_S:
        del table[next(iter(table))]
    cap(table, MOST)
