"""Where things stand in a TOML text: the parser tells what is there, and not on which line."""

import re
from collections.abc import Mapping

Steps = tuple[str | int, ...]
"""The way to a field: names of tables and keys, and numbers within an array from 0."""


def line_of(lines: Mapping[tuple[str, ...], int], steps: Steps) -> int:
    """Find the line of a field, else that of the nearest table around it."""
    path = tuple(map(str, steps))
    while path and path not in lines:
        path = path[:-1]
    return lines.get(path, 1)


def locate(text: str) -> dict[tuple[str, ...], int]:
    """Find the line of every table and key of a TOML text; tables of an array count from "0".

    A key inside a value of several lines is not told from one outside: such a text gets a line too near, never a wrong
    field.
    """
    lines: dict[tuple[str, ...], int] = {}
    counts: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        if head := re.match(r"\s*(\[\[?)\s*([^\[\]]+?)\s*\]", line):
            keys = tuple(key.strip(" \t\"'") for key in head[2].split("."))
            table = _within(keys[:-1], counts) + keys[-1:]
            if head[1] == "[[":
                counts[table] = counts.get(table, -1) + 1
                lines.setdefault(table, number)
                table = (*table, str(counts[table]))
            lines.setdefault(table, number)
        elif key := re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line):
            steps = tuple(part.strip("\"'") for part in key[1].split("."))
            lines.setdefault(table + steps, number)
    return lines


def _within(keys: tuple[str, ...], counts: Mapping[tuple[str, ...], int]) -> tuple[str, ...]:
    path: tuple[str, ...] = ()
    for key in keys:
        path = (*path, key)
        if path in counts:
            path = (*path, str(counts[path]))
    return path
