"""The Redis client: URLs, time-outs, retries, and the error that people get when Redis does not respond."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.retry import Retry
from redis.sentinel import Sentinel

from bot.errors import Misconfigured, Unavailable
from bot.secrets.secret import Secret

SENTINEL_SCHEMES: Final = ("redis+sentinel", "rediss+sentinel")
SENTINEL_PORT: Final = 26379
UNWRITABLE: Final = ("MISCONF", "NOREPLICAS", "MASTERDOWN", "OOM", "READONLY")
_CANNOT_SERVE: Final = (
    redis_errors.ConnectionError,
    redis_errors.ClusterDownError,
    redis_errors.NoPermissionError,
    redis_errors.OutOfMemoryError,
    redis_errors.ReadOnlyError,
)
IN_DOUBT: Final = "It is not known whether the request was stored. `/swarm jobs` shows it once Redis responds."
FORMS: Final = (
    "Write it as `redis://[user:password@]host:port/0`, `rediss://…` (TLS), `unix:///path` or "
    "`redis+sentinel://[user:password@]host:port,host:port/master/0`."
)


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a call to Redis may take."""

    reply_s: float
    connect_s: float
    retries: int


WORKER_TIMEOUTS: Final = Timeouts(reply_s=10, connect_s=3, retries=3)
"""The time-outs of processes that wait on streams: a reply's time-out must be longer than the longest BLOCK."""
WEB_TIMEOUTS: Final = Timeouts(reply_s=0.8, connect_s=0.8, retries=1)
"""The time-outs of the web process: people get an answer within Slack's 3 s, so a call gives up after about 1.7 s."""
MONITORING_TIMEOUTS: Final = Timeouts(reply_s=1, connect_s=1, retries=0)
"""The time-outs of /metrics and /readyz, which must soon report that Redis does not respond."""


def connect(url: Secret, timeouts: Timeouts = WORKER_TIMEOUTS) -> Redis:
    """Return a thread-safe client whose replies are ``str``. It connects at its first call, not here.

    Raise Misconfigured if the URL has no known form.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "protocol": 2,
        "socket_timeout": timeouts.reply_s,
        "socket_connect_timeout": timeouts.connect_s,
        "health_check_interval": 30,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), timeouts.retries),
        "retry_on_error": [redis_errors.ConnectionError, redis_errors.TimeoutError, redis_errors.ReadOnlyError],
        "client_name": "swarmbot",
    }
    text = url.reveal()
    try:
        if text.partition("://")[0] in SENTINEL_SCHEMES:
            return _master(text, options)
        return Redis.from_url(text, **options)
    except ValueError:
        # Not chained: the message may hold the URL, and with it a password.
        raise Misconfigured("REDIS_URL is not a valid Redis URL.", next_step=FORMS) from None


def _master(text: str, options: dict[str, Any]) -> Redis:
    parts = urlsplit(text)
    credentials, _, places = parts.netloc.rpartition("@")
    name, _, database = parts.path.strip("/").partition("/")
    if not places or not name:
        raise ValueError
    user, _, password = credentials.partition(":")
    tls = {"ssl": True} if parts.scheme.startswith("rediss") else {}
    query = dict(parse_qsl(parts.query))
    sentinel_options = {key: options[key] for key in ("socket_timeout", "socket_connect_timeout", "protocol")} | tls
    sentinel_options["retry"] = Retry(NoBackoff(), 0)  # by default the library retries for seconds
    sentinels = Sentinel(  # type: ignore[no-untyped-call] # redis-py left it untyped
        [_host_and_port(place) for place in places.split(",")],
        sentinel_kwargs=sentinel_options
        | {"username": query.get("sentinel_username"), "password": query.get("sentinel_password")},
        **options | tls | {"username": unquote(user) or None, "password": unquote(password) or None},
    )
    master: Redis = sentinels.master_for(name, db=int(database or 0))  # type: ignore[no-untyped-call] # likewise
    return master


def _host_and_port(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or SENTINEL_PORT


@contextmanager
def translate_errors(*, writing: bool = False) -> Iterator[None]:
    """Raise Unavailable in place of the client's errors if Redis cannot serve. Other errors are defects and pass.

    With ``writing`` the call changes data: if the connection breaks, it is not known whether the change was made.
    """
    try:
        yield
    except redis_errors.TimeoutError as error:
        raise _unavailable("Redis did not respond in time.", IN_DOUBT) from error
    except _CANNOT_SERVE as error:
        broke = isinstance(error, redis_errors.ConnectionError)
        raise _unavailable(true_now=IN_DOUBT if writing and broke else "") from error
    except redis_errors.ResponseError as error:
        if str(error).startswith(UNWRITABLE):
            raise _unavailable() from error
        raise


def _unavailable(happened: str = "Redis is unreachable or does not accept writes.", true_now: str = "") -> Unavailable:
    return Unavailable(
        happened,
        true_now=true_now,
        next_step="`python -m bot doctor` shows what is wrong with Redis.",
    )
