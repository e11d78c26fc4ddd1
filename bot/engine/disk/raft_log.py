"""Read the last entry of a manager's Raft log on its host. The log's data is encrypted, and the key stays on the host.

The files are etcd's write-ahead log (``wal/encoder.go``): each record starts with eight bytes that hold its length (the
low 56 bits) and its padding to a multiple of eight (the low 3 bits of the highest byte). Files have 64 MB, are padded
with zeros and hardly compress. So a script scans the records on the host, and only the start of one is sent.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final

from bot.config import Service
from bot.engine.api.client import EngineClient
from bot.engine.disk.data_root import data_root
from bot.engine.ssh.shell import READER_PRELUDE, last_line, read
from bot.errors import EngineError, HostUnreachable

READ_TIMEOUT_S: Final = 12.0
WAL_FOLDER: Final = PurePosixPath("swarm/raft/wal-v3-encrypted")
WORD_BYTES: Final = 4

# Prints the length of the last entry's record and its first 12 words of four bytes, which hold term and index of any
# size (a record of an entry starts with the bytes 8 and 2: 520). If the newest file was only just created, the
# one before it is read. A whole file takes 2 s, and 6 s if it is read by single bytes.
SCRIPT: Final = (
    READER_PRELUDE
    + r"""
files=$($as ls "$1") || exit 1
for file in $(printf '%s\n' "$files" | grep '\.wal$' | sort -r | head -n 2); do
  last=$($as cat "$1/$file" | od -A n -v -t u4 -w8 | awk '
    !left { size = $1 + $2 % 16777216 * 4294967296; left = (size + int($2 / 16777216) % 8) / 8
            if (!left) exit; head = ""; lines = 0; next }
    !lines { entry = $1 % 65536 == 520 }
    lines < 6 { head = head " " $0; lines++ }
    !--left && entry { last = size head }
    END { print last }')
  [ -z "$last" ] || break
done
echo "$last"
"""
)


def last_entry(client: EngineClient, service: Service) -> bytes:
    """Return the start of the record of the log's last entry, whether the engine runs or not.

    The last entry in the file is the end of the log even if its index is lower: Raft overwrites from where managers
    disagreed. An entry that is being written may be incomplete and does not count. Raises HostUnreachable; EngineError
    if no entry can be read.
    """
    folder = PurePosixPath(_root(client, service)) / WAL_FOLDER
    done = read(client.dialer.connection, SCRIPT, str(folder), timeout=READ_TIMEOUT_S)
    if not done.out.strip():
        why = last_line(done.err, otherwise="its newest files hold no entry")
        raise EngineError(client.host, 0, f"The Raft log of `{client.host}` in `{folder}` cannot be read: {why}.")
    return parse(done.out)


def parse(printed: str) -> bytes:
    """Return the bytes that the script's output stands for."""
    length, *words = map(int, printed.split())
    return b"".join(word.to_bytes(WORD_BYTES, "little") for word in words)[:length]


def _root(client: EngineClient, service: Service) -> str:
    try:
        return client.data_root()
    except HostUnreachable:
        return data_root(client.dialer.connection, service)
