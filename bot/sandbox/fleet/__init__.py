"""Real Docker hosts on one machine: each with its own network, files in /run, hostname, processes, sshd and dockerd."""

from bot.sandbox.fleet.fleet import Fleet
from bot.sandbox.fleet.host import Host
from bot.sandbox.fleet.image import TASK_IMAGE
from bot.sandbox.fleet.needs import missing

__all__ = ["TASK_IMAGE", "Fleet", "Host", "missing"]
