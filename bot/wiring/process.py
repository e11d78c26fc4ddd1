"""What the worker and watch have in common: a name, threads that send messages, and a run until a signal."""

from __future__ import annotations

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from bot.config import Config

MAX_SENDERS: Final = 16
"""How many messages are sent at the same time: one call of Slack may take ten seconds."""


def process_name() -> str:
    """Return the name of this process, which no other process of the installation has."""
    return f"{socket.gethostname()}-{os.getpid()}"


def message_senders() -> ThreadPoolExecutor:
    """Return the threads that send messages."""
    return ThreadPoolExecutor(MAX_SENDERS, thread_name_prefix="messages")


def set_at_signal() -> threading.Event:
    """Return an event that SIGTERM and SIGINT set. Call it from the main thread."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    return stopping


def addresses(config: Config) -> dict[str, str]:
    """Return which cluster of swarmbot.yml each host's address belongs to."""
    return {host.address: name for name, cluster in config.clusters.items() for host in cluster.hosts.values()}
