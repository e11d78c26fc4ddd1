"""Ends a process."""

from __future__ import annotations

import subprocess

KILLED_TIMEOUT_S = 10.0


def end(process: subprocess.Popen[bytes], timeout_s: float) -> bool:
    """End a process by SIGTERM, or by SIGKILL if it runs longer than ``timeout_s``; return whether SIGTERM did."""
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(KILLED_TIMEOUT_S)
        return False
    return True
