"""Detector state as plain data: what a snapshot may carry, and nothing that could run code when it is read.

`dump` turns an object's attributes into plain values, `fill` puts them back into a freshly made one. Allowed are
scalars, strings, lists, tuples, sets, deques, dicts, the parts of river listed here, and classes marked with `part`.
"""

from collections import deque
from collections.abc import Sequence
from typing import Any, TypeVar

from river import stats

T = TypeVar("T", bound=type)
_PARTS: dict[str, type] = {"river.Mean": stats.Mean, "river.Var": stats.Var, "river.Count": stats.Count}
_TAGS: dict[type, str] = {cls: tag for tag, cls in _PARTS.items()}
_SCALARS = (bool, int, float, str, bytes, type(None))


def part(cls: T) -> T:
    """Mark a small state class (attributes only) as allowed in snapshots."""
    tag = f"{cls.__module__}.{cls.__qualname__}"
    _PARTS[tag] = cls
    _TAGS[cls] = tag
    return cls


def dump(obj: object, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Plain data of an object's attributes, all or the named ones.

    Raises
    ------
    TypeError
        For a value that no snapshot may carry; it names the attribute.
    """
    return {name: _plain(value, f"{type(obj).__name__}.{name}") for name, value in _attributes(obj, names)}


def fill(obj: object, data: dict[str, Any]) -> None:
    """Put dumped attributes back into `obj`; attributes that are missing in `data` keep their fresh value."""
    for name, value in data.items():
        setattr(obj, name, _thing(value))


def _attributes(obj: object, names: Sequence[str] | None) -> list[tuple[str, Any]]:
    if names is not None:
        return [(name, getattr(obj, name)) for name in names]
    slots = [name for cls in type(obj).__mro__ for name in getattr(cls, "__slots__", ())]
    found = [(name, getattr(obj, name)) for name in slots if hasattr(obj, name) and name != "__dict__"]
    return found + list(getattr(obj, "__dict__", {}).items())


def _plain(value: Any, where: str) -> Any:
    kind = type(value)
    if kind in _SCALARS:
        return value
    if kind is list:
        return [_plain(v, where) for v in value]
    if kind is dict:
        if all(type(k) is str for k in value):
            return {"d": {k: _plain(v, where) for k, v in value.items()}}
        return {"p": [[_plain(k, where), _plain(v, where)] for k, v in value.items()]}
    if kind is tuple:
        return {"t": [_plain(v, where) for v in value]}
    if kind in (set, frozenset):
        return {"s" if kind is set else "f": [_plain(v, where) for v in sorted(value)]}
    if kind is deque:
        return {"q": [_plain(v, where) for v in value], "m": value.maxlen}
    if kind in _TAGS:
        return {"o": _TAGS[kind], "a": dump(value)}
    raise TypeError(f"{where} holds a {kind.__name__}, which no snapshot may carry")


def _thing(value: Any) -> Any:
    if type(value) is list:
        return [_thing(v) for v in value]
    if type(value) is not dict:
        return value
    if "o" in value:
        made: object = object.__new__(_PARTS[value["o"]])
        fill(made, value["a"])
        return made
    key, content = next(iter(value.items()))
    if key == "d":
        return {k: _thing(v) for k, v in content.items()}
    if key == "p":
        return {_thing(k): _thing(v) for k, v in content}
    items = [_thing(v) for v in content]
    return {"t": tuple, "s": set, "f": frozenset}[key](items) if key != "q" else deque(items, value["m"])
