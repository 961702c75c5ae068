"""Throws damaged inputs at every parser of the gateway: `python -m tests.sites.fuzz --inputs 1000000`.

An input that crashes, hangs or fills the memory is printed whole, with the seed that makes it again.
"""

import argparse
import faulthandler
import resource
import sys
import time
from random import Random
from typing import NamedTuple

from .parsers import PARSERS

SLOW_S = 1.0
"""CPU time that one small input may take, s."""
HUNG_S = 60
"""Wall time of a thousand inputs after which the process ends itself with a traceback, s."""
GROWTH_MB = 96.0
"""How much the process may grow after its first tenth of a parser's inputs, MB."""
TOKENS = [
    *(b"\n", b"\r", b"\x00", b"\xff", b"\xed\xa0\x80", b"'", b'"', b"\\", b"[", b"]", b"{", b"}", b"<", b">", b"&#0;"),
    *(b"|", b"^", b"/", b"*", b"+", b":", b"?", b";", b",", b"#", b"_", b"-1", b"1e999", b"NaN", b"null", b"[]", b"{}"),
    *(
        b"9" * 40,
        b"<!DOCTYPE a>",
        b"]]>",
        b"UNH+",
        b"UNT+",
        b"0",
        b"true",
        b"2026-02-30T25:61:61Z",
        b"\xcc\x81",
    ),
]


class Tried(NamedTuple):
    """How many inputs a parser took, the slowest in CPU seconds, and by how much the process grew, MB."""

    inputs: int
    slowest_s: float
    grown_mb: float


def damage(dice: Random, seeds: list[bytes]) -> bytes:
    """Damage a sound input a few times."""
    if dice.random() < 0.03:
        return dice.randbytes(dice.randrange(200))
    data = bytearray(dice.choice(seeds))
    for _ in range(dice.choice((1, 1, 2, 3, 8))):
        at = dice.randrange(len(data) + 1)
        length = dice.choice((0, 1, 1, 2, 5, 20))
        match dice.randrange(6):
            case 0:
                data[at : at + 1] = bytes([dice.randrange(256)])
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length] * dice.choice((1, 2, 30))
            case 3:
                data[at : at + dice.choice((0, length))] = dice.choice(TOKENS)
            case 4:
                other = dice.choice(seeds)
                data[at:] = other[dice.randrange(len(other) + 1) :]
            case _:
                del data[at:]
    return bytes(data)


def fuzz(name: str, inputs: int, seed: int, *, watched: bool = False) -> Tried:
    """Try a parser; `watched` ends the process when a thousand inputs take a minute.

    Raises
    ------
    AssertionError
        For an input that is slow, or a process that grows; whatever a parser raises goes through.
    """
    parser, dice = PARSERS[name], Random(f"{name} {seed}")
    slowest, base = 0.0, _grown()
    for number in range(inputs):
        data = damage(dice, parser.seeds)
        if watched and number % 1_000 == 0:
            faulthandler.dump_traceback_later(HUNG_S, exit=True)
        began = time.process_time()
        try:
            parser.parse(data)
        except BaseException:
            sys.stderr.write(f"{name}, seed {seed}, input {number}: {data!r}\n")
            raise
        spent = time.process_time() - began
        assert spent < SLOW_S, f"{name}, seed {seed}, input {number} took {spent:.1f} s: {data!r}"
        slowest = max(slowest, spent)
        if number == inputs // 10:
            base = _grown()
    grown = _grown() - base
    assert grown < GROWTH_MB, f"{name} grew by {grown:.0f} MB over {inputs} inputs"
    return Tried(inputs, slowest, grown)


def _grown() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--inputs", type=int, default=1_000_000, help="in all, shared among the parsers")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--parser", choices=PARSERS, action="append", help="only these")
    asked = arguments.parse_args()
    names = asked.parser or list(PARSERS)
    total = 0
    for name in names:
        began = time.monotonic()
        tried = fuzz(name, -(-asked.inputs // len(names)), asked.seed, watched=True)
        total += tried.inputs
        rate = tried.inputs / (time.monotonic() - began)
        slow = f"slowest {tried.slowest_s * 1000:.1f} ms"
        told = f"{name:12} {tried.inputs:9,} inputs, {rate:8,.0f}/s, {slow}, grown {tried.grown_mb:.0f} MB"
        sys.stdout.write(f"{told}\n")
        sys.stdout.flush()
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.write(f"{total:,} inputs, none crashed, hung or filled the memory\n")


if __name__ == "__main__":
    main()
