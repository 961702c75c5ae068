"""Who may use the console: a TOML file of names, roles, sites and hashed tokens."""

import base64
import hashlib
import hmac
import logging
import os
import re
import secrets
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from streams.telemetry.envelope import Site

log = logging.getLogger("tocsin.console")

Role = Literal["viewer", "analyst"]
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,31}(?!\n)$"
COST, BLOCK, LANES = 14, 8, 1
"""scrypt's log2 N, r and p: 16 MiB and some 50 ms for each guess, at a secret of 192 random bits."""
MEMORY = 32 << 20
SALT, KEY, SECRET = 16, 32, 24
"""Bytes of a salt, of a hash and of the random part of a token."""


class PeopleError(Exception):
    """The file of users can't be used; the message says what to do."""


class Person(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, repr_omit_defaults=True):
    """One user.

    Attributes
    ----------
    token
        Hash of the token, as `hashed` makes it.
    sites
        The only sites that are there for this person; None for all.
    """

    name: Annotated[str, Meta(pattern=NAME)]
    role: Role
    token: str
    sites: list[Site] | None = None

    def sees(self, site: str) -> bool:
        """Whether the site is there for this person."""
        return self.sites is None or site in self.sites

    def acts(self, site: str) -> bool:
        """Whether this person may do something at the site."""
        return self.role == "analyst" and self.sees(site)


class _File(Struct, forbid_unknown_fields=True):
    user: list[Person] = []


class People:
    """The users in a file, read again when it changes: who is taken out of it is out at once.

    While a changed file can't be read nobody is known, for the change may have been meant to shut somebody out.

    Attributes
    ----------
    known
        The users by name, as the file was when it was last looked at.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int, int] | None = None
        self.known: dict[str, Person] = {person.name: person for person in read(path)}
        self._stamp = _stamp(path)

    def find(self, name: str) -> Person | None:
        """Return the user of this name as the file has it now."""
        stamp = _stamp(self._path)
        if stamp != self._stamp:
            self._stamp = stamp
            try:
                self.known = {person.name: person for person in read(self._path)}
            except PeopleError as error:
                log.error("Nobody can use the console now: %s", error)
                self.known = {}
        return self.known.get(name)

    def check(self, token: str) -> Person | None:
        """Return whose token this is. Takes as long for a name that nobody has."""
        person = self.find(name_in(token))
        known = matches(token, person.token if person else _NOBODY)
        return person if known else None


def name_in(token: str) -> str:
    """Return the name that a token begins with; not yet whether it is right."""
    return token.rpartition(".")[0]


def read(path: Path) -> list[Person]:
    """Read the users; none where there is no file. Raises `PeopleError`."""
    try:
        people = msgspec.toml.decode(path.read_bytes(), type=_File).user
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        raise PeopleError(f"{path} can't be read: {error}") from error
    twice = {person.name for person in people if sum(other.name == person.name for other in people) > 1}
    if twice:
        raise PeopleError(f"{path} has {', '.join(sorted(twice))} more than once: keep one entry of each name")
    for person in people:
        if not _HASH.fullmatch(person.token):
            raise PeopleError(
                f"{path}: the token of {person.name} is no hash; make one with `tocsin console --add-user`"
            )
    return people


def add(path: Path, name: str, role: Role, sites: Iterable[str] = ()) -> str:
    """Add a user and return the token, which stands nowhere else. Raises `PeopleError`."""
    people = read(path)
    if any(person.name == name for person in people):
        raise PeopleError(f"{path} has {name} already: take it out first with --remove-user")
    token = f"{name}.{secrets.token_urlsafe(SECRET)}"
    given = {"name": name, "role": role, "token": hashed(token), "sites": list(sites) or None}
    try:
        people.append(msgspec.convert(given, Person))
    except msgspec.ValidationError as error:
        raise PeopleError(f"no user {name!r} can be made: {error}") from error
    _write(path, people)
    return token


def remove(path: Path, name: str) -> None:
    """Take a user out; sessions end at once. Raises `PeopleError`."""
    people = read(path)
    left = [person for person in people if person.name != name]
    if len(left) == len(people):
        raise PeopleError(f"{path} has no {name}")
    _write(path, left)


def hashed(token: str) -> str:
    """Hash a token with a salt of its own: `scrypt$14$8$1$salt$key`."""
    salt = secrets.token_bytes(SALT)
    parts = (salt, _scrypt(token, salt, COST, BLOCK, LANES))
    return "$".join(["scrypt", str(COST), str(BLOCK), str(LANES), *(base64.b64encode(part).decode() for part in parts)])


def matches(token: str, hashed_token: str) -> bool:
    """Whether a token has this hash."""
    _, cost, block, lanes, salt, key = hashed_token.split("$")
    found = _scrypt(token, base64.b64decode(salt), int(cost), int(block), int(lanes))
    return hmac.compare_digest(found, base64.b64decode(key))


def _scrypt(token: str, salt: bytes, cost: int, block: int, lanes: int) -> bytes:
    said = token.encode(errors="replace")
    return hashlib.scrypt(said, salt=salt, n=1 << cost, r=block, p=lanes, maxmem=MEMORY, dklen=KEY)


_HASH = re.compile(r"scrypt\$14\$8\$1\$[A-Za-z0-9+/]{22}==\$[A-Za-z0-9+/]{43}=")
_NOBODY = f"scrypt${COST}${BLOCK}${LANES}${'A' * 22}==${'A' * 43}="


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _write(path: Path, people: list[Person]) -> None:
    """Replace the file at once, readable by its owner only."""
    lines = ["# Users of the console, made with `tocsin console --add-user NAME`. Tokens stand here only as hashes."]
    for person in people:
        lines += ["", "[[user]]", f'name = "{person.name}"', f'role = "{person.role}"']
        if person.sites is not None:
            lines.append(f"sites = {msgspec.json.encode(person.sites).decode()}")
        lines.append(f'token = "{person.token}"')
    draft = path.with_name(f".{path.name}.draft")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write("\n".join(lines) + "\n")
        draft.replace(path)
    except OSError as error:
        raise PeopleError(f"{path} can't be written: {error.strerror or error}") from error
