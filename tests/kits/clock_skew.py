"""Gives a process a wrong clock: what an engine reports, issues and verifies uses another time.

CLOCK_REALTIME has no namespace, and Go programs read it without libc, so neither a namespace nor Debian's faketime
works. They read it through the vDSO that the kernel maps into each process, as Python does. This kit overwrites that
function in the process's copy: it calls the kernel and adds the difference. The monotonic clock is unchanged.
"""

from __future__ import annotations

import os
import platform
import re
import signal
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from bot.errors import Failed
from sandbox.fleet.host import Host
from sandbox.fleet.shell import until

FUNCTION: Final = b"__vdso_clock_gettime"
# clock_gettime(edi: clock, rsi: timespec) by system call 228; for clock 0 the difference is added to the seconds.
ASK: Final = bytes.fromhex("5657b8e40000000f055f5e85ff750d")  # push rsi, rdi; mov; syscall; pop rdi, rsi; test; jnz
ADD: Final = bytes.fromhex("48ba") + b"%b" + bytes.fromhex("480116")  # mov rdx, difference; add [rsi], rdx
END: Final = bytes.fromhex("c3")


def possible() -> bool:
    """Return whether the machine has an x86-64 processor and a kernel that allows writing this memory."""
    if platform.machine() != "x86_64":
        return False
    try:
        _put(os.getpid(), *_function(os.getpid()))
    except OSError:
        return False
    return True


@contextmanager
def clock_off_by(seconds: int, host: Host) -> Iterator[None]:
    """Set the clock of ``host``'s engine ``seconds`` ahead (behind if negative), and reset it at the end."""
    set_clock(host, seconds)
    try:
        yield
    finally:
        if host.docker_runs:
            set_clock(host, 0)


def set_clock(host: Host, seconds: int) -> None:
    """Set the clock of ``host``'s engine ``seconds`` ahead of the machine's (behind if negative), until it ends.

    Raise Failed if the engine does not run.
    """
    set_process_clock(_engine(host), seconds)


def set_process_clock(pid: int, seconds: int) -> None:
    """Set the clock of a process ``seconds`` ahead of the machine's (behind if negative), until it ends."""
    place, function = _function(pid)
    code = ASK + (ADD % struct.pack("<q", seconds)) + END
    assert len(code) <= len(function)
    _write(pid, place, code)


def _engine(host: Host) -> int:
    """Return the machine's process id of the host's dockerd."""
    inside = host.run("cat", "/run/docker.pid").strip()
    for status in Path("/proc").glob("[0-9]*/status"):
        numbers = re.search(r"^NSpid:\s+(\d+)\s+(\d+)$", _text(status), re.MULTILINE)
        same = numbers and numbers[2] == inside
        if numbers and same and Path(f"/proc/{numbers[1]}/ns/pid").samefile(f"/proc/{host.pid}/ns/pid"):
            return int(numbers[1])
    raise Failed(f"{host.name} has no dockerd")


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""  # it has ended


def _function(pid: int) -> tuple[int, bytes]:
    """Return the address of the function in the process, and its code."""
    found = re.search(r"^([0-9a-f]+)-([0-9a-f]+) .*\[vdso\]$", Path(f"/proc/{pid}/maps").read_text(), re.MULTILINE)
    assert found
    start, end = int(found[1], 16), int(found[2], 16)
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        memory.seek(start)
        image = memory.read(end - start)
    value, size = _symbol(image)
    return start + value, image[value : value + size]


def _symbol(image: bytes) -> tuple[int, int]:
    """Return offset and size of the function in the ELF ``image`` from its section headers (see elf(5))."""
    table, entry, number = struct.unpack_from("<Q", image, 40)[0], *struct.unpack_from("<HH", image, 58)
    sections = [struct.unpack_from("<IIQQQQIIQQ", image, table + entry * index) for index in range(number)]
    symbols = next(section for section in sections if section[1] == 11)  # SHT_DYNSYM
    names = sections[symbols[6]]
    for place in range(symbols[4], symbols[4] + symbols[5], 24):
        name, _, _, _, value, size = struct.unpack_from("<IBBHQQ", image, place)
        start = names[4] + name
        if image[start : image.index(b"\0", start)] == FUNCTION:
            return value, size
    raise AssertionError("the vDSO has no such function")


def _write(pid: int, place: int, code: bytes) -> None:
    """Write the code while the process is stopped, so that no thread runs it."""
    os.kill(pid, signal.SIGSTOP)
    try:
        until(lambda: "State:\tT" in _text(Path(f"/proc/{pid}/status")), f"process {pid} is stopped")
        _put(pid, place, code)
    finally:
        os.kill(pid, signal.SIGCONT)


def _put(pid: int, place: int, code: bytes) -> None:
    with Path(f"/proc/{pid}/mem").open("r+b", buffering=0) as memory:
        memory.seek(place)
        memory.write(code)
