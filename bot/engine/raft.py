"""Read the newest files of a manager's Raft log. Its entries are encrypted; the key stays where it is."""

from __future__ import annotations

import base64
import zlib
from pathlib import PurePosixPath
from typing import Final

from bot.config import Service
from bot.engine.client import EngineClient
from bot.engine.data_root import data_root
from bot.engine.remote import run
from bot.errors import EngineError, HostUnreachable

TIMEOUT: Final = 12.0
FOLDER: Final = PurePosixPath("swarm/raft/wal-v3-encrypted")

# Two files: the newest may have been begun just now. They are 64 MB each, most of it zeros, a third of a megabyte
# when packed. A user who is not root may have a rule in sudoers.
SCRIPT: Final = r"""
as=; [ -r "$1" ] || as='sudo -n'
files=$($as ls "$1") || exit 1
set -- "$1" $(printf '%s\n' "$files" | grep '\.wal$' | sort | tail -n 2)
[ $# -gt 1 ] || exit 1
folder=$1; shift
for file; do $as cat "$folder/$file" || exit 1; done | gzip -1 | base64
"""


def raft_log(client: EngineClient, service: Service) -> bytes:
    """Return the log's two newest files one after the other, whether the engine runs or not.

    Raises HostUnreachable, EngineError (none to be read).
    """
    folder = PurePosixPath(_root(client, service)) / FOLDER
    done = run(client.dialer.connection, SCRIPT, str(folder), timeout=TIMEOUT)
    try:
        return zlib.decompress(base64.b64decode(done.out), wbits=zlib.MAX_WBITS | 16)
    except (ValueError, zlib.error):
        raise EngineError(client.host, 0, f"The Raft log of `{client.host}` in `{folder}` cannot be read.") from None


def _root(client: EngineClient, service: Service) -> str:
    try:
        return client.data_folder()
    except HostUnreachable:
        return data_root(client.dialer.connection, service)
