"""An SSH server on this machine, and keys for it, made by OpenSSH."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.errors import Failed, Misconfigured
from sandbox.ports import listens

ADDRESS: Final = "127.0.0.1"


def make_key(path: Path, kind: str = "ed25519", *words: str) -> str:
    """Make a private key at ``path`` and its public key beside it; return the public one, without its comment."""
    command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-f", os.fspath(path), *words]
    subprocess.run(command, check=True, timeout=20)
    return " ".join(Path(f"{path}.pub").read_text().split()[:2])


@contextmanager
def local_sshd(folder: Path, port: int, *options: str, address: str = ADDRESS) -> Iterator[None]:
    """Run sshd on ``port`` of ``address`` with ``options``, which name a HostKey; its log is in ``folder``.

    Raise Misconfigured if the machine has none, Failed if it does not start.
    """
    program = shutil.which("sshd", path="/usr/sbin:/usr/local/sbin")
    if not program:
        raise Misconfigured("Debian package openssh-server is not installed.")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    fixed = ("PidFile=none", "UsePAM=no", "AuthenticationMethods=publickey", "MaxStartups=100", "StrictModes=no")
    options = (f"Port={port}", f"ListenAddress={address}", *options, *fixed)
    words = [word for option in options for word in ("-o", option)]
    with (folder / "log").open("wb") as log:
        sshd = subprocess.Popen([program, "-D", "-e", "-f", "/dev/null", *words], stderr=log)
    try:
        while not listens(port):
            if sshd.poll() is not None:
                raise Failed(f"sshd did not start: {(folder / 'log').read_text()[-500:]}")
            time.sleep(0.02)
        yield
    finally:
        sshd.terminate()
        sshd.wait(10)
