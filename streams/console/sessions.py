"""Who is logged in: sessions by cookie, in memory only; a restart logs everybody out."""

import secrets
from collections.abc import Callable

from msgspec import Struct

from streams.console.people import People, Person

MOST = 1000
"""Sessions at a time; beyond, the one that was idle longest ends."""


class Session(Struct):
    """One person at one browser. Times are monotonic seconds.

    Attributes
    ----------
    csrf
        What each form has to send along.
    token
        Hash of the token that was given; another one in the file ends the session.
    """

    name: str
    token: str
    csrf: str
    began: float
    seen: float


class Sessions:
    """Sessions that end after `idle_s` without a request and after `longest_s` in any case."""

    def __init__(self, people: People, idle_s: float, longest_s: float, now: Callable[[], float]) -> None:
        self._people = people
        self._idle = idle_s
        self.longest = longest_s
        self._now = now
        self._sessions: dict[str, Session] = {}

    def open(self, person: Person) -> str:
        """Begin a session and return its cookie."""
        now = self._now()
        if len(self._sessions) >= MOST:
            del self._sessions[min(self._sessions, key=lambda cookie: self._sessions[cookie].seen)]
        cookie = secrets.token_urlsafe(32)
        self._sessions[cookie] = Session(person.name, person.token, secrets.token_urlsafe(32), now, now)
        return cookie

    def find(self, cookie: str) -> tuple[Session, Person] | None:
        """Return the session and who it is, by the file of users as it is now; None when it has ended."""
        session, now = self._sessions.get(cookie), self._now()
        if session is None:
            return None
        person = self._people.find(session.name)
        spent = now - session.seen > self._idle or now - session.began > self.longest
        if spent or person is None or person.token != session.token:
            self.close(cookie)
            return None
        session.seen = now
        return session, person

    def close(self, cookie: str) -> None:
        """End a session."""
        self._sessions.pop(cookie, None)
