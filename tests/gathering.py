"""Writes that wait for one another: a workspace's writer is held, so that they become one group."""

import threading

from app.actor import Scope
from app.uow import writes

PATIENCE = 20
"""Seconds after which an answer is not coming."""


class Gathering:
    """Holds the workspace's writer, so that what is submitted meanwhile waits and becomes one group."""

    def __init__(self, people, monkeypatch):
        self.people, self.go, self.opened = people, threading.Event(), []
        self.broken = {}
        plain, here = people.door.db.enter_workspace, threading.Event()

        def enter(session, tenant_id, until=None):
            self.opened.append(tenant_id)
            if error := self.broken.get(len(self.opened)):
                raise error
            plain(session, tenant_id, until)

        @writes(Scope.WORKSPACE_ADMIN)
        def hold(uow):
            here.set()
            assert self.go.wait(PATIENCE)

        monkeypatch.setattr(people.door.db, "enter_workspace", enter)
        self.first = people.door.submit(people.system, hold)
        assert here.wait(PATIENCE)

    def submit(self, function, *args, by=None, **kwargs):
        return self.people.door.submit(by or self.people.system, function, *args, **kwargs)

    def release(self):
        self.go.set()
        self.first.result(PATIENCE)
