"""Documents that clients name instead of sending them: remembered on the fly, or known beforehand and trusted."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from app.edge.kept import Kept
from app.edge.request import Asked, Refused
from app.text import Text

MOST_CHARACTERS = 1_000_000
"""How much source text is remembered for clients that name it by its hash."""
NOT_FOUND = Text("PersistedQueryNotFound", "PersistedQueryNotFound")
"""Apollo's clients know this text and send the document again."""


class Persisted:
    """The documents known by name; one per process, thread safe.

    `manifest` is a file that a client's build wrote: Apollo's persisted query manifest, or an object of texts by id as
    Relay and GraphQL Code Generator write it. With `only_trusted` nothing else is run.
    """

    def __init__(self, manifest: Path | None, *, only_trusted: bool) -> None:
        self._trusted = read(manifest) if manifest else {}
        self._texts = frozenset(self._trusted.values())
        self._only_trusted = only_trusted
        self._learnt: Kept[str] = Kept(MOST_CHARACTERS)

    def source(self, asked: Asked) -> str:
        """The text of the document that `asked` means.

        Raises Refused for a name that is not known, a hash that does not fit, and a document that is not trusted.
        """
        if asked.query is None:
            return self._named(asked.document_id or asked.sha256 or "", is_hash=asked.document_id is None)
        if asked.sha256 is not None and hashlib.sha256(asked.query.encode()).hexdigest() != asked.sha256:
            text = Text("provided sha does not match query", "sha256Hash 与 query 不一致")
            raise Refused(400, text, "PERSISTED_QUERY_HASH_MISMATCH")
        if self._only_trusted and asked.query not in self._texts:
            text = Text(
                "Only documents of the manifest are run here; send one of them, or its id as documentId.",
                "此服务只运行清单中的文档；请发送其中之一，或以 documentId 给出其编号。",
            )
            raise Refused(403, text, "QUERY_NOT_TRUSTED")
        return asked.query

    def learn(self, asked: Asked) -> None:
        """Remember a document, which is known to be good, by the hash that came with it."""
        if asked.sha256 is not None and asked.query is not None:
            self._learnt.put(asked.sha256, asked.query, len(asked.query))

    def _named(self, name: str, *, is_hash: bool) -> str:
        bare = name.removeprefix("sha256:")
        found = self._trusted.get(name) or self._trusted.get(bare)
        if found is None and (is_hash or bare != name):
            found = self._learnt.get(bare)
        if found is None:
            raise Refused(200, NOT_FOUND, "PERSISTED_QUERY_NOT_FOUND", cache_control="private, no-store")
        return found


def read(manifest: Path) -> dict[str, str]:
    """The texts of a manifest by id. Raises ValueError, with a sentence, for a file that is none."""
    try:
        data: Any = orjson.loads(manifest.read_bytes())
    except OSError as error:
        msg = f"The manifest of trusted documents cannot be read: {error.strerror} ({manifest})."
        raise ValueError(msg) from None
    except orjson.JSONDecodeError:
        msg = f"The manifest of trusted documents is not JSON ({manifest})."
        raise ValueError(msg) from None
    found = data
    if isinstance(data, Mapping) and isinstance(data.get("operations"), list):
        entries = [one if isinstance(one, Mapping) else {} for one in data["operations"]]
        found = {one.get("id"): one.get("body") for one in entries}
    if not isinstance(found, Mapping) or not all(isinstance(one, str) for pair in found.items() for one in pair):
        msg = f"The manifest of trusted documents must hold texts by id, or Apollo's operations ({manifest})."
        raise ValueError(msg)
    return {str(name).removeprefix("sha256:"): str(text) for name, text in found.items()}
