"""What a server process leaves for the next one, so that it need not compute it before its first reader.

Files in ``.cache/`` beside ``dashboard.py``, each a list of byte strings under a name that holds the digest of everything
they were made from: what is outdated is never found again, and removed in time. Nothing depends on them: a file that is
missing, damaged or cannot be written is as good as none.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "start"

#: Files kept; the oldest go first.
_FILES = 24
_LENGTH = 8
_DIGEST = 32

_log = logging.getLogger(__name__)


def load(name: str) -> list[bytes] | None:
    """Return what was saved under `name`; None where nothing was, or not all of it is there."""
    try:
        packed = (FOLDER / name).read_bytes()
    except OSError:
        return None
    body = packed[_DIGEST:]
    if hashlib.sha256(body).digest() != packed[:_DIGEST]:
        _log.warning("%s is damaged and not used.", FOLDER / name)
        return None
    parts, place = [], 0
    while place < len(body):
        start = place + _LENGTH
        place = start + int.from_bytes(body[place:start], "big")
        parts.append(body[start:place])
    return parts


def save(name: str, parts: Sequence[bytes]) -> None:
    """Leave `parts` for the next process, whole or not at all."""
    body = b"".join(len(part).to_bytes(_LENGTH, "big") + part for part in parts)
    try:
        FOLDER.mkdir(parents=True, exist_ok=True)
        handle, written = tempfile.mkstemp(dir=FOLDER, prefix=".")
        with os.fdopen(handle, "wb") as file:
            file.write(hashlib.sha256(body).digest() + body)
        Path(written).replace(FOLDER / name)
        for old in sorted(FOLDER.iterdir(), key=lambda path: path.stat().st_mtime)[:-_FILES]:
            old.unlink(missing_ok=True)
    except OSError as error:
        _log.info("Nothing is kept for the next start: %s", error)
