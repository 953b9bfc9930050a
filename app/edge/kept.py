"""What a process keeps by name, bounded by how much text it holds; what was not asked for longest goes first."""

import threading
from collections import OrderedDict
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Things by name, at most `most` characters of them together; thread safe."""

    def __init__(self, most: int) -> None:
        self._most, self._characters = most, 0
        self._lock = threading.Lock()
        self._found: OrderedDict[str, tuple[T, int]] = OrderedDict()

    def get(self, name: str) -> T | None:
        """What is kept by that name."""
        with self._lock:
            found = self._found.get(name)
            if found is None:
                return None
            self._found.move_to_end(name)
            return found[0]

    def put(self, name: str, thing: T, characters: int) -> None:
        """Keep `thing`, which weighs so many characters, by that name."""
        with self._lock:
            _, before = self._found.pop(name, (None, 0))
            self._found[name] = thing, characters
            self._characters += characters - before
            while self._characters > self._most:
                _, (_, gone) = self._found.popitem(last=False)
                self._characters -= gone
