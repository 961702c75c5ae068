"""Detector state as plain data: what a snapshot may carry, and nothing that could run code when it is read.

`dump` turns an object's attributes into plain values, `fill` puts them back into a freshly made one. Allowed are
scalars, strings, lists, tuples, sets, deques, dicts, arrays of numbers, the parts of river listed here, and what
derives from `Part`. A slot whose name begins with an underscore is derived from others and left out. A dict of
many objects of one class is kept as a table, for their attributes' names would be most of it.
"""

from array import array
from collections import deque
from collections.abc import Callable, Collection, Sequence
from functools import cache, partial
from inspect import get_annotations, signature
from typing import Any, ClassVar, get_origin

from mypy_extensions import mypyc_attr
from river import stats

_PARTS: dict[str, type] = {
    "river.Mean": stats.Mean,
    "river.Var": stats.Var,
    "river.Count": stats.Count,
    "river.EWMean": stats.EWMean,
}
_TAGS: dict[type, str | None] = {cls: tag for tag, cls in _PARTS.items()}
_COLLECTIONS: dict[type, str] = {tuple: "t", set: "s", frozenset: "f"}
_SCALARS = (bool, int, float, str, bytes, type(None))
_FLAT, _STRINGS = frozenset(_SCALARS), frozenset([str])
_SHORT = _FLAT - {int}
BITS = 63
"""Of an integer at most; a wider one (a long mask of bits, say) is carried as bytes: MessagePack ends there."""
_ABSENT = object()
_CLASS_WIDE: object = ClassVar
_NAMES: dict[type, list[str]] = {}


@mypyc_attr(allow_interpreted_subclasses=True)
class Part:
    """Base of the small state classes (attributes only) that are allowed in snapshots.

    One whose constructor asks for something is marked with `mypyc_attr(allow_interpreted_subclasses=True)`: so it can
    be made without the constructor when it is compiled, too.
    """

    __slots__ = ()


def dump(obj: object, names: Sequence[str] | None = None) -> dict[str, Any]:
    """Plain data of an object's attributes, all or the named ones.

    Raises
    ------
    TypeError
        For a value that no snapshot may carry; it names the attribute.
    """
    return {
        name: value if type(value) in _SHORT else _plain(value, type(obj), name)
        for name, value in _attributes(obj, names)
    }


def fill(obj: object, data: dict[str, Any]) -> None:
    """Put dumped attributes back into `obj`; attributes that are missing in `data` keep their fresh value."""
    for name, value in data.items():
        setattr(obj, name, _thing(value))


def _attributes(obj: object, names: Sequence[str] | None) -> list[tuple[str, Any]]:
    if names is None:
        names = _names(type(obj))
        own = getattr(obj, "__dict__", None)
        if own:
            names = sorted({*names, *own})
    return [(name, value) for name in names if (value := getattr(obj, name, _ABSENT)) is not _ABSENT]


def _names(cls: type) -> list[str]:
    """Name the attributes that a class itself gives its objects: slots, and what has a value from the start."""
    if cls not in _NAMES:
        names = {name for base in cls.__mro__ for name in getattr(base, "__slots__", ())}
        for base in cls.__mro__:
            kinds = get_annotations(base).items()
            names |= {name for name, kind in kinds if name in vars(base) and get_origin(kind) is not _CLASS_WIDE}
        native = vars(cls).get("__mypyc_attrs__", names)  # where it is compiled, all of them
        _NAMES[cls] = sorted(name for name in native if name[0] != "_")
    return _NAMES[cls]


def _tag(cls: type) -> str | None:
    """Name a class whose objects may be carried; None for one whose may not."""
    if cls not in _TAGS:
        name = f"{cls.__module__}.{cls.__qualname__}"
        _TAGS[cls] = name if issubclass(cls, Part) else None
    return _TAGS[cls]


@cache
def _part(tag: str) -> type:
    """Find the class of a name, among those that are there."""
    queue: list[type] = [Part]
    while queue:
        queue += (cls := queue.pop()).__subclasses__()
        if _tag(cls) == tag:
            return cls
    return _PARTS[tag]


def _plain(value: Any, cls: type, name: str) -> Any:
    kind = type(value)
    if kind is int and value.bit_length() > BITS:
        return {"i": value.to_bytes(value.bit_length() // 8 + 1, signed=True)}
    if kind in _FLAT:
        return value
    if kind is list:
        return _items(value, cls, name)
    if kind is dict:
        return _mapping(value, cls, name)
    if tag := _tag(kind):
        return {"o": tag, "a": dump(value)}
    if kind is array:
        return {"a": [value.typecode, value.tobytes()]}
    if kind is deque:
        return {"q": _items(value, cls, name), "m": value.maxlen}
    if kind in _COLLECTIONS:
        return {_COLLECTIONS[kind]: _items(value if kind is tuple else sorted(value), cls, name)}
    raise TypeError(f"{cls.__name__}.{name} holds a {kind.__name__}, which no snapshot may carry")


def _items(values: Collection[Any], cls: type, name: str) -> list[Any]:
    """Plain data of many values; most collections hold scalars only, which is found out and copied quickly."""
    kinds = set(map(type, values))
    if kinds <= _FLAT and (int not in kinds or not any(type(v) is int and v >> BITS not in (0, -1) for v in values)):
        return list(values)
    return [_plain(value, cls, name) for value in values]


def _mapping(value: dict[Any, Any], cls: type, name: str) -> dict[str, Any]:
    columns = _columns(value)
    if columns:
        return _table(value, columns, cls, name)
    if _STRINGS.issuperset(map(type, value)):
        return {"d": dict(zip(value, _items(value.values(), cls, name), strict=True))}
    pairs = zip(_items(value, cls, name), _items(value.values(), cls, name), strict=True)
    return {"p": list(map(list, pairs))}


def _columns(table: dict[Any, Any]) -> tuple[str, ...]:
    """Name the attributes that all values share, if they are many objects of one class."""
    if len(table) < 2:
        return ()
    kind = type(next(iter(table.values())))
    if _tag(kind) is None or any(type(v) is not kind for v in table.values()):
        return ()
    names = {tuple(name for name, _ in _attributes(v, None)) for v in table.values()}
    return names.pop() if len(names) == 1 else ()


def _table(table: dict[Any, Any], columns: Sequence[str], cls: type, name: str) -> dict[str, Any]:
    tag = _tag(type(next(iter(table.values()))))
    rows = [[_plain(k, cls, name), *dump(v, columns).values()] for k, v in table.items()]
    return {"r": [tag, list(columns), rows]}


@cache
def _maker(cls: type) -> Callable[[], object]:
    asked = signature(cls).parameters.values()
    return cls if all(one.default is not one.empty for one in asked) else partial(cls.__new__, cls)


def _fresh(cls: type) -> object:
    """Make a part to be filled; what an older version's snapshot lacks is then as in a new one.

    A part whose constructor asks for something can't be made so: what is added to it needs a default in its class.
    """
    return _maker(cls)()


def _row(cls: type, columns: Sequence[str], values: Sequence[Any]) -> Any:
    made = _fresh(cls)
    fill(made, dict(zip(columns, values, strict=True)))
    return made


def _things(values: list[Any]) -> list[Any]:
    return values if _FLAT.issuperset(map(type, values)) else [_thing(value) for value in values]


def _thing(value: Any) -> Any:
    if type(value) is list:
        return _things(value)
    if type(value) is not dict:
        return value
    if "o" in value:
        made = _fresh(_part(value["o"]))
        fill(made, value["a"])
        return made
    key, content = next(iter(value.items()))
    if key == "d":
        return {k: _thing(v) for k, v in content.items()}
    if key == "r":
        tag, columns, rows = content
        return {_thing(row[0]): _row(_part(tag), columns, row[1:]) for row in rows}
    if key == "a":
        return array(content[0], content[1])
    if key == "i":
        return int.from_bytes(content, signed=True)
    if key == "p":
        return {_thing(k): _thing(v) for k, v in content}
    items = _things(content)
    return {"t": tuple, "s": set, "f": frozenset}[key](items) if key != "q" else deque(items, value["m"])
