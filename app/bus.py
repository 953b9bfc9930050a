"""Wakes whoever waits for a workspace to change, after the commit; carries no data, so nothing can leak or go stale."""

import threading
from collections.abc import Callable
from uuid import UUID


class Bus:
    """In-process signals. A listener is called with the workspace's id, on the committing thread: it must not block."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: list[Callable[[UUID], None]] = []
        self.wanted: Callable[[], None] = lambda: None
        """Called whenever somebody begins to listen."""

    @property
    def listening(self) -> int:
        """How many listen."""
        return len(self._listeners)

    def listen(self, listener: Callable[[UUID], None]) -> Callable[[], None]:
        """Call `listener` after each commit from now on; returns what stops it."""
        with self._lock:
            self._listeners.append(listener)
        self.wanted()

        def stop() -> None:
            with self._lock:
                self._listeners.remove(listener)

        return stop

    def poke(self, tenant_id: UUID) -> None:
        """Tell every listener that something of this workspace was committed."""
        with self._lock:
            listeners = tuple(self._listeners)
        for listener in listeners:
            listener(tenant_id)
