"""Real Docker hosts on one machine: each with its own network, files in /run, hostname, processes, sshd and dockerd."""

from sandbox.fleet.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.needs import missing

__all__ = ["TASK_IMAGE", "Fleet", "Host", "missing"]
