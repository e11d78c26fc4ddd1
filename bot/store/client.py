"""The Redis client: URLs, time-outs, retries, and what a person is told when Redis does not answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from redis import Redis
from redis import exceptions as redis_errors
from redis.backoff import ExponentialWithJitterBackoff
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
IN_DOUBT: Final = "It is not known whether the request was stored; once Redis answers, `/swarm jobs` tells."
FORMS: Final = (
    "Write it as `redis://[user:password@]host:port/0`, `rediss://…` (TLS), `unix:///path` or "
    "`redis+sentinel://[user:password@]host:port,host:port/master/0`."
)


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to wait for an answer and for a connection, and how often to try again."""

    answer: float
    connect: float
    retries: int


PATIENT: Final = Patience(answer=10, connect=3, retries=3)
"""For processes that wait on streams: an answer's time-out must be longer than the longest BLOCK."""
QUICK: Final = Patience(answer=0.8, connect=0.8, retries=1)
"""For the web process: a person must be told within Slack's 3 s, so a call gives up in about 1.7 s."""


def connect(url: Secret, patience: Patience = PATIENT) -> Redis:
    """Return a thread-safe client that answers in ``str``. Connects at its first call, not here.

    Raises :class:`Misconfigured` if the URL is not of a known form.
    """
    options: dict[str, Any] = {
        "decode_responses": True,
        "protocol": 2,
        "socket_timeout": patience.answer,
        "socket_connect_timeout": patience.connect,
        "health_check_interval": 30,
        "retry": Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), patience.retries),
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
        raise Misconfigured("REDIS_URL is not a Redis URL.", next_step=FORMS) from None


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
    sentinels = Sentinel(  # type: ignore[no-untyped-call] # redis-py left it untyped
        [_place(place) for place in places.split(",")],
        sentinel_kwargs=sentinel_options
        | {"username": query.get("sentinel_username"), "password": query.get("sentinel_password")},
        **options | tls | {"username": unquote(user) or None, "password": unquote(password) or None},
    )
    master: Redis = sentinels.master_for(name, db=int(database or 0))  # type: ignore[no-untyped-call] # likewise
    return master


def _place(text: str) -> tuple[str, int]:
    parts = urlsplit(f"//{text}")
    if not parts.hostname:
        raise ValueError
    return parts.hostname, parts.port or SENTINEL_PORT


@contextmanager
def answering(*, storing: bool = False) -> Iterator[None]:
    """Turn what Redis raises when it cannot serve into :class:`Unavailable`; anything else is a defect and passes.

    ``storing``: what is asked of Redis changes something, so a connection that breaks leaves it in doubt.
    """
    try:
        yield
    except redis_errors.TimeoutError as error:
        raise _unavailable("Redis did not answer in time.", IN_DOUBT) from error
    except _CANNOT_SERVE as error:
        broke = isinstance(error, redis_errors.ConnectionError)
        raise _unavailable(true_now=IN_DOUBT if storing and broke else "") from error
    except redis_errors.ResponseError as error:
        if str(error).startswith(UNWRITABLE):
            raise _unavailable() from error
        raise


def _unavailable(happened: str = "Redis cannot be reached, or takes no writes.", true_now: str = "") -> Unavailable:
    return Unavailable(
        happened,
        true_now=true_now,
        next_step="`python -m bot doctor` says what is wrong with Redis.",
    )
