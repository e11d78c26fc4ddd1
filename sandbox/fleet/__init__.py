"""Real Docker hosts on one machine, each with its own network, /run, hostname, processes, sshd and dockerd."""

from sandbox.fleet.fleet import Fleet
from sandbox.fleet.host import Host
from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.releases import Release
from sandbox.fleet.requirements import missing

__all__ = ["TASK_IMAGE", "Fleet", "Host", "Release", "missing"]
