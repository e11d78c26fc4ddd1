"""Every key of Swarmbot in Redis: its type, what it holds and when it is deleted. Nothing else builds a key's name.

One Redis server (with replicas, if wanted) holds all keys. Scripts use several keys at once, so Redis Cluster is not
supported.
"""

from __future__ import annotations

from typing import Final, Literal

Lane = Literal["concurrent", "exclusive"]
"""Jobs of the exclusive lane run one at a time in each cluster. Jobs of the concurrent lane do not wait for others."""

LANES: Final[tuple[Lane, ...]] = ("concurrent", "exclusive")

DAY_S: Final = 24 * 3600
JOB_TTL_S: Final = 30 * DAY_S
"""How long an ended job is kept. A job that has not ended is kept until it ends."""
REQUEST_TTL_S: Final = DAY_S
"""How long a second delivery of the same request is recognised."""
USER_GROUP_TTL_S: Final = 600
"""How long Slack's last answer about a user group is used if Slack does not respond."""
ENROLMENT_TTL_S: Final = 600
"""How long a new second factor waits for its first code."""
WRONG_CODES_TTL_S: Final = 900
"""How long the wrong codes of a second factor are counted after the last one."""
CLUSTER_CHOICE_TTL_S: Final = 1800
"""How long a cluster can be chosen for an order by a button."""
LAST_READ_TTL_S: Final = 3600
"""How long the names of a cluster's nodes count as known after it was read."""
GOOD_SPEC_TTL_S: Final = 90 * DAY_S
"""How long the last good spec of a service is kept after its tasks were seen to run."""
HELD_SOURCE_TTL_S: Final = DAY_S
"""How long the source of a deploy that runs is held: longer than any job runs."""
TYPED_FILE_TTL_S: Final = 8 * DAY_S
"""How long a typed compose file is kept: longer than an approval of it may wait. Its revision has it then."""
TYPED_DRAFT_TTL_S: Final = DAY_S
"""How long a form begins with what the same person last typed into one like it."""
AUDIT_PAGE_TTL_S: Final = DAY_S
"""How long the pages of an audit log message can be turned."""
SUMMARY_TTL_S: Final = 15.0
"""How long `status` may be answered from what watch read: as long as the time between two readings of a quiet cluster
(10 s) and a slow reading."""
DIGEST_TTL_S: Final = 7 * DAY_S
"""How long it is remembered which day had the last digest: longer than one is late."""
WEBHOOK_TTL_S: Final = 2 * DAY_S
"""How long the requests of a webhook are kept that nobody sends: longer than any is tried."""
HOME_TTL_S: Final = DAY_S
"""How long it is remembered what a Home shows after it was last opened: longer than it is kept fresh."""
BLOCK_AGE_TTL_S: Final = DAY_S
"""How long a workspace gets older blocks after it refused newer ones: it may have the newer ones by then."""
CHANNEL_PROBLEM_TTL_S: Final = 2 * DAY_S
"""How long it is remembered that a channel cannot be posted to: longer than any message is tried."""

JOB_FORMAT: Final = 3
"""The version of what is stored about jobs and approvals. Raise it when the code cannot read what was stored before.

Keys of another version are never read: an old job cannot start, hold its cluster's slot or break a list.
"""
_JOBS: Final = f"swarmbot:v{JOB_FORMAT}"

GROUP: Final = "workers"
"""The consumer group of both streams."""

RECENT: Final = f"{_JOBS}:recent"
"""Sorted set: job ids by the time they were asked. Each admission removes those older than JOB_TTL_S."""
WORKERS: Final = "swarmbot:workers"
"""Sorted set: names of workers by when their heartbeat expires (ms, Redis' clock). Goes with the last heartbeat."""
APPROVALS_OPEN: Final = f"{_JOBS}:approvals:open"
"""Sorted set: ids of jobs that wait for approval, by when the approval expires (ms). Goes with the last one."""
APPROVALS_UNSHOWN: Final = f"{_JOBS}:approvals:to-show"
"""Sorted set: ids of approvals that changed since their card was published, by when to publish it (ms). Goes with the
last one."""
APPROVALS_REMIND: Final = f"{_JOBS}:approvals:to-remind"
"""Sorted set: ids of approvals by when those who may approve are reminded (ms). Goes with the last one."""
OUTBOX: Final = f"{_JOBS}:outbox"
"""Sorted set: ids of messages that Slack has not accepted yet, by when to send them next (ms). Goes with the last
one."""
OUTGOING: Final = f"{_JOBS}:outgoing:"
"""The beginning of the keys of :func:`outgoing`, for scripts that store messages."""
HOMES: Final = "swarmbot:homes"
"""Sorted set: people whose Home is kept fresh, by when it is due next (ms). Goes with the last one."""
JOB_DURATIONS: Final = f"{_JOBS}:durations"
"""Hash: how many jobs ended, by ``LANE:STATE:END`` (the upper end of a bucket of seconds, or inf), and by
``LANE:STATE:sum`` how many seconds they ran. Never expires."""
WEBHOOKS: Final = "swarmbot:webhook:line:"
"""The beginning of the keys of :func:`webhook_line`, for scripts that promise requests."""
PENDING_ROTATIONS: Final = "swarmbot:rotations"
"""Sorted set: ids of pending token rotations, by when to check them next (ms). Goes with the last one."""
PICTURES: Final = "swarmbot:totp:pictures"
"""Sorted set: ids of Slack files that show a second factor's key, by when to delete them. Goes with the last one."""
AUDIT_LOG: Final = "swarmbot:audit"
"""Stream: entry ``seq-0`` with fields ``entry`` (canonical JSON) and ``hash``. Never expires."""
AUDIT_HEAD: Final = "swarmbot:audit:head"
"""String ``seq:hash`` of the newest audit entry. Never expires."""
AUDIT: Final = [AUDIT_LOG, AUDIT_HEAD]
"""The last keys of every script that appends to the audit log."""
AUDIT_TRIMMED: Final = "swarmbot:audit:trimmed"
"""String ``seq:hash`` of the last audit entry that only the archive has. Never expires."""
SIGNATURES: Final = "swarmbot:signatures"
"""Hash: how many requests had a signature that does not match, and when one matched. Never expires."""
LAST_FENCE: Final = "swarmbot:lease:last-fence"
"""String: the highest fence of any :class:`~bot.store.leader_lease.LeaderLease`. Never expires.

A lease itself is a hash (holder, token, fence) that expires with the lease.
"""


def job(job_id: str) -> str:
    """Hash: the order (JSON) and the state of one job. Expires JOB_TTL_S after the job's end."""
    return f"{_JOBS}:job:{job_id}"


def approval(job_id: str) -> str:
    """Hash: the approval that a job waits for, and its state. Expires JOB_TTL_S after the job's end."""
    return f"{_JOBS}:approval:{job_id}"


def outgoing(message_id: str) -> str:
    """Hash: a message (JSON) that Slack must accept, and what is known of it there.

    One that can be edited is kept for JOB_TTL_S after it was sent, another one goes when it was sent.
    """
    return f"{OUTGOING}{message_id}"


def home(person: str) -> str:
    """Hash: when a person last opened their Home, and what was published there. Expires HOME_TTL_S after the former."""
    return f"swarmbot:home:{person}"


def home_calls(minute: int) -> str:
    """String: how many Homes were published in a minute (unix time / 60). Expires after two minutes."""
    return f"swarmbot:home-calls:{minute}"


def channel_problem(channel: str) -> str:
    """Hash: why a channel cannot be posted to, and since when. Goes with the next message that Slack accepts there.

    Expires after CHANNEL_PROBLEM_TTL_S without another failure.
    """
    return f"swarmbot:channel:{channel}"


def block_age(team: str) -> str:
    """String: which blocks a Slack workspace took after it refused newer ones. Expires after BLOCK_AGE_TTL_S."""
    return f"swarmbot:block-age:{team}"


def freeze(cluster: str) -> str:
    """String: JSON of the freeze that somebody ordered. Goes when its end was told; expires a week after its end."""
    return f"swarmbot:freeze:{cluster}"


def pending_rotation(rotation_id: str) -> str:
    """Hash: a token (its fingerprint) that must be rotated. Goes when all requesters were told of its end."""
    return f"swarmbot:rotation:{rotation_id}"


def request(request_key: str) -> str:
    """String: the id of the job that this request became. Expires after REQUEST_TTL_S."""
    return f"{_JOBS}:request:{request_key}"


def delivery(request_key: str) -> str:
    """String: whether a press or a form is being handled, or its answer. Expires after seconds, or REQUEST_TTL_S."""
    return f"swarmbot:delivery:{request_key}"


def stream(lane: Lane) -> str:
    """Stream: jobs that a worker may take or has taken, field ``job``. An entry goes with its job's end."""
    return f"{_JOBS}:jobs:{lane}"


def slot(cluster: str) -> str:
    """String: the id of the cluster's one exclusive job that is in the stream. Goes with the last such job."""
    return f"{_JOBS}:slot:{cluster}"


def waiting(cluster: str) -> str:
    """List: ids of the exclusive jobs behind the slot, the next one first. Goes with the last one."""
    return f"{_JOBS}:waiting:{cluster}"


def recent(cluster: str) -> str:
    """Sorted set: as RECENT, of one cluster. Expires JOB_TTL_S after the last admission."""
    return f"{_JOBS}:recent:{cluster}"


def last_read(what: Literal["nodes", "services"], cluster: str) -> str:
    """String: JSON of the cluster's nodes or services as they were last read. Expires LAST_READ_TTL_S after that."""
    return f"swarmbot:last-read:{what}:{cluster}"


def good_spec(cluster_id: str, service_id: str) -> str:
    """String: the last spec (encrypted) of a service whose tasks were seen to run. Expires after GOOD_SPEC_TTL_S."""
    return f"swarmbot:good-spec:{cluster_id}:{service_id}"


def held_source(job_id: str, plan: str) -> str:
    """String: the source (encrypted) of a deploy that runs, by its job and a digest of its plan.

    Expires after HELD_SOURCE_TTL_S: a worker that takes over the end of the job finds it, too.
    """
    return f"swarmbot:stack-source:{job_id}:{plan}"


def stack_revisions(cluster: str, stack: str) -> str:
    """Hash: JSON of the record of each kept deploy of a stack, by its number. Never expires; the oldest goes."""
    return f"swarmbot:stack-revisions:{cluster}:{stack}"


def stack_sources(cluster: str, stack: str) -> str:
    """Hash: the source (encrypted) of each kept deploy of a stack, by its number. As :func:`stack_revisions`."""
    return f"swarmbot:stack-sources:{cluster}:{stack}"


def typed_file(file_id: str) -> str:
    """String: a compose file (encrypted) that somebody typed into a form. Expires after TYPED_FILE_TTL_S."""
    return f"swarmbot:typed-file:{file_id}"


def typed_draft(cluster: str, user: str, about: str) -> str:
    """String: the id of the file that a person last typed about a stack. Expires after TYPED_DRAFT_TTL_S."""
    return f"swarmbot:typed-draft:{cluster}:{user}:{about}"


def user_group(group_id: str) -> str:
    """String: JSON of a Slack user group's members and when Slack listed them. Expires after USER_GROUP_TTL_S."""
    return f"swarmbot:usergroup:{group_id}"


def second_factor(person: str) -> str:
    """Hash: a person's seed (encrypted) and the time step of the last used code. Never expires."""
    return f"swarmbot:totp:{person}"


def enrolment(person: str) -> str:
    """Hash: a seed (encrypted) that waits for its first code, and its picture. Expires after ENROLMENT_TTL_S."""
    return f"swarmbot:totp:{person}:new"


def wrong_codes(person: str) -> str:
    """String: the number of wrong codes since a person's last right one. Expires WRONG_CODES_TTL_S after the last."""
    return f"swarmbot:totp:{person}:wrong"


def secret(secret_id: str) -> str:
    """String: a secret (encrypted) that somebody typed with a command.

    Goes when it is taken, or after ``bot.secrets.secret.TYPED_SECRET_TTL_S`` seconds.
    """
    return f"swarmbot:secret:{secret_id}"


def watch_lease(cluster: str) -> str:
    """Lease to watch this cluster: one process at a time."""
    return f"swarmbot:lease:watch:{cluster}"


def watch_state(cluster: str) -> str:
    """String: JSON of what watch remembers of a cluster, its incidents included. Never expires."""
    return f"swarmbot:watch:state:{cluster}"


def watch_last_reading(cluster: str) -> str:
    """String: JSON of the last reading by the process that watches a cluster. Never expires."""
    return f"swarmbot:watch:turn:{cluster}"


def watch_summary(cluster: str) -> str:
    """String: JSON of what `status` says of the last reading of a cluster. Expires SUMMARY_TTL_S after it began."""
    return f"swarmbot:watch:summary:{cluster}"


def watch_history(cluster: str) -> str:
    """Sorted set: JSON of the samples of a cluster (:mod:`bot.model.history`) by when their slots began (unix seconds).

    Their number and age are limited; the key expires that long after the last one.
    """
    return f"swarmbot:watch:history:{cluster}"


def watch_digest(cluster: str) -> str:
    """String: the day (YYYY-MM-DD) of the last daily digest of a cluster. Expires DIGEST_TTL_S after it."""
    return f"swarmbot:watch:digest:{cluster}"


def acknowledgements(cluster: str) -> str:
    """Hash: JSON of who acknowledged an incident, by its id, until watch has taken it in. Goes with the last one."""
    return f"swarmbot:watch:acknowledged:{cluster}"


def silences(cluster: str) -> str:
    """Hash: JSON of a silence by its id. Watch deletes those that have ended. Goes with the last one."""
    return f"swarmbot:watch:silences:{cluster}"


def webhook_line(webhook: str) -> str:
    """List: JSON of requests that a webhook has not accepted yet, in order. Expires WEBHOOK_TTL_S after the newest."""
    return f"{WEBHOOKS}{webhook}"


def webhook_retry(webhook: str) -> str:
    """Hash: how often the first request in a webhook's line was not accepted, and when it is tried again.

    Goes with that request, or after WEBHOOK_TTL_S.
    """
    return f"swarmbot:webhook:retry:{webhook}"


def webhook_lease(webhook: str) -> str:
    """Lease to send for a webhook: one process at a time."""
    return f"swarmbot:lease:webhook:{webhook}"


def cluster_choice(choice_id: str) -> str:
    """String: JSON of an order that somebody typed without a cluster, and the one that a button chooses for it.

    Expires after CLUSTER_CHOICE_TTL_S.
    """
    return f"swarmbot:cluster-choice:{choice_id}"


def audit_page(page_id: str) -> str:
    """String: JSON of a page of the audit log that was shown: its filter and ends. Expires after AUDIT_PAGE_TTL_S."""
    return f"swarmbot:audit:page:{page_id}"


def audit_anchored(day: str) -> str:
    """String "posted": the anchor of this day (YYYY-MM-DD) is in the channel. Expires two days later."""
    return f"swarmbot:audit:anchored:{day}"


def anchor_lease(day: str) -> str:
    """Lease to post the anchor of this day: one process at a time."""
    return f"swarmbot:lease:anchor:{day}"
