"""swarmbot.yml: clusters, hosts, people and rules."""

from __future__ import annotations

from bot.config.approvals import ApprovalRule
from bot.config.choice import ClusterNeeded, choose_cluster, cluster_of_channel
from bot.config.freezes import FreezeWindow
from bot.config.loading import load
from bot.config.models import EVERYONE, AuditLog, Backups, Cluster, Config, Deploy, Host, Rules, Service, Ssh
from bot.config.stacks import Stack

__all__ = [
    "EVERYONE",
    "ApprovalRule",
    "AuditLog",
    "Backups",
    "Cluster",
    "ClusterNeeded",
    "Config",
    "Deploy",
    "FreezeWindow",
    "Host",
    "Rules",
    "Service",
    "Ssh",
    "Stack",
    "choose_cluster",
    "cluster_of_channel",
    "load",
]
