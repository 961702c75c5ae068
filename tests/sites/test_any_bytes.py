"""No bytes from outside crash a parser, hang it or fill the memory. `python -m tests.sites.fuzz` tries a million."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .fuzz import fuzz
from .parsers import PARSERS


@pytest.mark.parametrize("name", PARSERS)
def test_any_bytes(name: str) -> None:
    parser = PARSERS[name]

    @settings(max_examples=30, deadline=None)
    @given(st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
    def any_bytes(data: bytes) -> None:
        parser.parse(data)

    @settings(max_examples=50, deadline=None)
    @given(st.sampled_from(parser.seeds), st.data())
    def any_damage(seed: bytes, data: st.DataObject) -> None:
        raw = bytearray(seed)
        for _ in range(data.draw(st.integers(1, 4))):
            at = data.draw(st.integers(0, len(raw)))
            raw[at : at + data.draw(st.integers(0, 8))] = data.draw(st.binary(max_size=6) | st.just(bytes(raw[:40])))
        parser.parse(bytes(raw))

    any_bytes()
    any_damage()


@pytest.mark.parametrize("name", PARSERS)
def test_some_hundred_of_the_million(name: str) -> None:
    assert fuzz(name, 200, seed=7).inputs == 200


POISON = {
    "brackets": b"[" * 200_000,
    "braces": b'{"a":' * 100_000,
    "tags": b"<a>" * 200_000,
    "quotes": b'"' * 200_000,
    "carets": b"#1|N" + b"ri^" * 1_300,
    "small letters": b"#1|N" + b"a" * 4_000 + b"!",
    "digits": b"9" * 200_000,
    "escapes": b"?" * 200_000,
    "separators": b"UNA:+.? '" + b"+:'" * 20_000,
    "line feeds": b"\n" * 200_000,
    "semicolons": b";" * 200_000,
    "attributes": b"<a " + b'b="c" ' * 20_000 + b"/>",
    "zeros": bytes(200_000),
}


@pytest.mark.parametrize("name", PARSERS)
def test_no_poison_takes_more_than_linear_time(name: str) -> None:
    for sort, data in POISON.items():
        began = time.process_time()
        PARSERS[name].parse(data)
        assert time.process_time() - began < 2.0, sort
