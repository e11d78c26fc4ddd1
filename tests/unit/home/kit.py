"""Approvals as Home's tests need them."""

from __future__ import annotations

from dataclasses import replace

from bot.approvals.approval import Approval
from tests.kits.jobs import request_for


def open_approval(job_id: str, by: str) -> Approval:
    """Return an approval that waits."""
    return Approval(replace(request_for(job_id), requester=by), "open", 1)
