"""Every key that Swarmbot has in Redis, what it holds and how long it stays. Nothing else builds a key's name.

One Redis server (with replicas, if wanted) holds all of them: scripts touch several at once, so Redis Cluster is not
for this.
"""

from __future__ import annotations

from typing import Final, Literal

Lane = Literal["concurrent", "exclusive"]
"""Jobs of the exclusive lane run one at a time in each cluster; those of the concurrent lane never wait for them."""

LANES: Final[tuple[Lane, ...]] = ("concurrent", "exclusive")

DAY: Final = 24 * 3600
JOB_KEPT: Final = 30 * DAY
"""Seconds that an ended job stays; a job that has not ended stays until it does."""
REQUEST_KEPT: Final = DAY
"""Seconds in which a second delivery of the same request is known as such."""
USER_GROUP_KEPT: Final = 600
"""Seconds in which Slack's last answer about a user group may stand in for one that does not come."""

ENROLMENT_KEPT: Final = 600
"""Seconds in which a new second factor must be confirmed by its first code."""
WRONG_CODE_KEPT: Final = 900
"""Seconds that the wrong codes of a second factor are remembered after the last one."""

JOB_FORMAT: Final = 2
"""The version of what is stored about jobs and approvals. Raise it when the code cannot read what was stored before.

Keys of another version are never read: an old job can neither start, nor hold its cluster's slot, nor break a list.
"""
_JOBS: Final = f"swarmbot:v{JOB_FORMAT}"

GROUP: Final = "workers"
"""The consumer group of both streams."""

RECENT: Final = f"{_JOBS}:recent"
"""Sorted set: job ids by the time they were asked, older than JOB_KEPT taken out at each admission."""
WORKERS: Final = "swarmbot:workers"
"""Sorted set: names of workers by when their heartbeat ends (ms, Redis' clock). Goes when the last heartbeat ends."""
APPROVALS_OPEN: Final = f"{_JOBS}:approvals:open"
"""Sorted set: ids of jobs that wait for approval by the ms in which they expire. Goes with the last one."""
APPROVALS_UNSHOWN: Final = f"{_JOBS}:approvals:to-show"
"""Sorted set: ids of approvals that changed since their card was shown, by the ms in which to show it. Goes with the
last one."""
ONCE_OPEN: Final = "swarmbot:once:open"
"""Sorted set: ids of promises to rotate a token by the ms in which to look at them. Goes with the last one."""
PICTURES: Final = "swarmbot:totp:pictures"
"""Sorted set: ids of Slack's files that show a second factor's key, by when to delete them. Goes with the last one."""
AUDIT_LOG: Final = "swarmbot:audit"
"""Stream: entry ``seq-0`` with fields ``entry`` (canonical JSON) and ``hash``. Never expires."""
AUDIT_HEAD: Final = "swarmbot:audit:head"
"""String ``seq:hash`` of the newest audit entry. Never expires."""
AUDIT: Final = [AUDIT_LOG, AUDIT_HEAD]
"""What every script that appends to the audit log is given last."""
AUDIT_TRIMMED: Final = "swarmbot:audit:trimmed"
"""String ``seq:hash`` of the last audit entry that is in the archive alone. Never expires."""
LAST_FENCE: Final = "swarmbot:lease:last-fence"
"""String: the highest fence of any :class:`~bot.store.leader_lease.LeaderLease`. Never expires.

A lease itself is a hash (holder, token, fence) that expires with the lease.
"""
AUDIT_PAGE_KEPT: Final = DAY
"""Seconds in which a page of the audit log can be turned."""


def job(job_id: str) -> str:
    """Hash: the order (JSON) and the state of one job. Expires JOB_KEPT after the job's end."""
    return f"{_JOBS}:job:{job_id}"


def approval(job_id: str) -> str:
    """Hash: the question that a job waits for and how it stands. Expires JOB_KEPT after the job's end."""
    return f"{_JOBS}:approval:{job_id}"


def card_lease(job_id: str) -> str:
    """Lease to publish the card of this approval: one process at a time."""
    return f"swarmbot:lease:card:{job_id}"


def freeze(cluster: str) -> str:
    """String: JSON of the freeze that somebody ordered. Expires when it ends."""
    return f"swarmbot:freeze:{cluster}"


def once(promise_id: str) -> str:
    """Hash: a promise to rotate a token, of which it holds the fingerprint. Goes when who asked was told its end."""
    return f"swarmbot:once:{promise_id}"


def request(request_key: str) -> str:
    """String: the id of the job that this request became. Expires after REQUEST_KEPT."""
    return f"{_JOBS}:request:{request_key}"


def stream(lane: Lane) -> str:
    """Stream: jobs that a worker may take or has taken, field ``job``. An entry goes with its job's end."""
    return f"{_JOBS}:jobs:{lane}"


def slot(cluster: str) -> str:
    """String: the id of the one change of this cluster that is in the stream. Goes with the last change."""
    return f"{_JOBS}:slot:{cluster}"


def waiting(cluster: str) -> str:
    """List: ids of the changes behind the slot, the next one first. Goes with the last one."""
    return f"{_JOBS}:waiting:{cluster}"


def recent(cluster: str) -> str:
    """Sorted set: as RECENT, of one cluster. Expires JOB_KEPT after the last admission."""
    return f"{_JOBS}:recent:{cluster}"


def user_group(group_id: str) -> str:
    """String: JSON of a Slack user group's members and when Slack said so. Expires after USER_GROUP_KEPT."""
    return f"swarmbot:usergroup:{group_id}"


def second_factor(person: str) -> str:
    """Hash: a person's seed (encrypted) and the time-step of the last used code. Never expires."""
    return f"swarmbot:totp:{person}"


def enrolment(person: str) -> str:
    """Hash: a seed (encrypted) that waits for its first code, and its picture. Expires after ENROLMENT_KEPT."""
    return f"swarmbot:totp:{person}:new"


def wrong_codes(person: str) -> str:
    """String: how many wrong codes a person tried since the last right one. Expires WRONG_CODE_KEPT after the last."""
    return f"swarmbot:totp:{person}:wrong"


def given(given_id: str) -> str:
    """String: a secret (encrypted) that somebody gave with a command.

    Goes when it is taken, or after ``bot.secrets.secret.TYPED_SECRET_TTL_S`` seconds.
    """
    return f"swarmbot:given:{given_id}"


def audit_page(page_id: str) -> str:
    """String: JSON of a shown page of the audit log: its filter and its ends. Expires after AUDIT_PAGE_KEPT."""
    return f"swarmbot:audit:page:{page_id}"


def audit_anchored(day: str) -> str:
    """String "posted": the anchor of this day (YYYY-MM-DD) is in the channel. Expires two days later."""
    return f"swarmbot:audit:anchored:{day}"


def anchor_lease(day: str) -> str:
    """Lease to post the anchor of this day: one process at a time."""
    return f"swarmbot:lease:anchor:{day}"
