"""The packed state of an autolocked manager with its key file opened: an engine takes it without any key. Pure."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from typing import Final

from bot.secrets.secret import Secret
from bot.swarm.recovery.key_file import UnknownKeyFile, is_locked, opened

KEY_FILE: Final = "swarm/certificates/swarm-node.key"


def opened_state(packed: bytes, key: Secret) -> bytes:
    """``packed`` (a gzipped tar) with its key file opened, all else as it was; the same where that is open already.

    Raises OtherUnlockKey; UnknownKeyFile where there is no key file.
    """
    found = io.BytesIO()
    held = False
    try:
        with (
            tarfile.open(fileobj=io.BytesIO(packed), mode="r|gz") as before,
            gzip.GzipFile(fileobj=found, mode="wb", compresslevel=1) as packing,
            tarfile.open(fileobj=packing, mode="w|") as after,
        ):
            for member in before:
                file = before.extractfile(member) if member.isreg() else None
                if file is not None and member.name == KEY_FILE:
                    text, held = file.read(), True
                    if not is_locked(text):
                        return packed
                    text = opened(text, key)
                    member.size, file = len(text), io.BytesIO(text)
                after.addfile(member, file)
    except (tarfile.TarError, EOFError, zlib.error):
        raise UnknownKeyFile from None
    if not held:
        raise UnknownKeyFile
    return found.getvalue()
