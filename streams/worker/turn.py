"""Lets one lane at a time write its snapshot: while a large site is frozen nobody else can do anything."""


class Turn:
    """Whose turn it is, of all lanes of a process."""

    def __init__(self) -> None:
        self._holder: object | None = None

    def take(self, lane: object) -> bool:
        """Say whether it is this lane's turn; it then is until the lane gives it back."""
        if self._holder is None:
            self._holder = lane
        return self._holder is lane

    def give(self, lane: object) -> None:
        """Give it back, if it was this lane's."""
        if self._holder is lane:
            self._holder = None
