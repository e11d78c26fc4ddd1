"""The image for tasks: a static busybox, imported into each engine, so that no registry is needed."""

from __future__ import annotations

import io
import json
import shutil
import subprocess
import tarfile
from pathlib import Path

TASK_IMAGE = "swarmbot/task:latest"

# Process 1 ignores SIGTERM unless it traps it; each stop would then take the grace period of 10 s.
_COMMAND = ["/bin/busybox", "sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 3600 & wait $!; done"]
CHANGES = [f"CMD {json.dumps(_COMMAND)}", "ENV PATH=/bin"]


def task_archive() -> bytes:
    """Return the tar archive for ``docker import``: busybox, a link for each of its tools, /etc and /tmp."""
    busybox = shutil.which("busybox") or "/bin/busybox"
    tools = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True, timeout=10).stdout.split()
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for folder in ("bin", "etc", "proc", "tmp"):
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        program = Path(busybox).read_bytes()
        entry = tarfile.TarInfo("bin/busybox")
        entry.mode, entry.size = 0o755, len(program)
        tar.addfile(entry, io.BytesIO(program))
        for tool in tools:
            if tool != "busybox":
                entry = tarfile.TarInfo(f"bin/{tool}")
                entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(entry)
    return buffer.getvalue()
