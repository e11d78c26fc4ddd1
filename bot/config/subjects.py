"""What approval rules are about: the risky deeds, as people write them under ``approvals`` in swarmbot.yml."""

from __future__ import annotations

from typing import Final

SUBJECTS: Final[tuple[str, ...]] = (
    "promote",
    "demote",
    "join manager",
    "token manager",
    "rotate",
    "remove",
    "leave",
    "force-new-cluster",
    "update",
    "unlock",
    "unlock-key",
    "ca rotate",
    "recover",
    "restore",
    "trust",
    "force",
)
