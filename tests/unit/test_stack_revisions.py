"""Kept deploys on a real Redis: encrypted, numbered once, the last ten."""

from __future__ import annotations

import base64

import pytest
from redis import Redis

from bot.errors import Refused
from bot.model import StackSource
from bot.secrets.secret import Secret
from bot.stack_revisions import Revisions
from bot.store import keys
from sandbox.tour.secret_scan import redis_contents

KEY = Secret("k" * 32)
HIDDEN = "tr0ub4dor-and-3"


def source(text: str = HIDDEN) -> StackSource:
    """Return a source with a secret in a file and in a variable."""
    files = {"compose.yml": base64.b64encode(text.encode()).decode()}
    return StackSource("app", "`/srv/app/compose.yml`", "", "compose.yml", files, {"PASSWORD": HIDDEN}, "28.2.2")


def deployed(revisions: Revisions, job: str, text: str = HIDDEN) -> int:
    """Hold and keep a deploy, and return its number."""
    revisions.hold(job, f"plan of {job}", source(text))
    return revisions.keep("prod", job, f"plan of {job}", "U0ADA")


def test_a_deploy_is_kept_encrypted(client: Redis) -> None:
    """It is read back whole; Redis has nothing of its secrets, neither while it is held nor afterwards."""
    revisions = Revisions(client, KEY)
    revisions.hold("k7f3", "plan", source())
    assert revisions.listed("prod", "app") == ()
    assert revisions.keep("prod", "k7f3", "plan", "U0ADA") == 1
    [record] = revisions.listed("prod", "app")
    assert (record.number, record.requester, record.job) == (1, "U0ADA", "k7f3")
    assert revisions.source("prod", "app", 1) == source()
    stored = "\n".join(redis_contents(client))
    assert "k7f3" in stored
    for secret in (HIDDEN, base64.b64encode(HIDDEN.encode()).decode()):
        assert secret not in stored + repr(revisions.source("prod", "app", 1))


def test_the_last_ten_are_kept_and_numbers_are_used_once(client: Redis) -> None:
    """The revisions of each stack are kept, with their own files. A job that ends twice is one revision."""
    revisions = Revisions(client, KEY)
    assert [deployed(revisions, f"job{n}", f"file {n}") for n in range(1, 13)] == list(range(1, 13))
    assert deployed(revisions, "job12") == 12
    assert [each.number for each in revisions.listed("prod", "app")] == list(range(12, 2, -1))
    assert base64.b64decode(revisions.source("prod", "app", 3).files["compose.yml"]) == b"file 3"
    with pytest.raises(Refused, match="cannot be decrypted"):
        revisions.source("prod", "app", 2)
    assert client.hlen(keys.stack_sources("prod", "app")) == 10
    assert revisions.listed("prod", "other") == revisions.listed("test", "app") == ()


def test_a_source_is_bound_to_its_place(client: Redis) -> None:
    """Another key, cluster or number does not open it."""
    revisions = Revisions(client, KEY)
    deployed(revisions, "one")
    sealed = client.hget(keys.stack_sources("prod", "app"), "1")
    assert isinstance(sealed, str)
    client.hset(keys.stack_sources("prod", "app"), "2", sealed)
    client.hset(keys.stack_sources("test", "app"), "1", sealed)
    for reader, cluster, number in (
        (revisions, "prod", 2),
        (revisions, "test", 1),
        (Revisions(client, None), "prod", 1),
    ):
        with pytest.raises(Refused, match="cannot be decrypted"):
            reader.source(cluster, "app", number)
    with pytest.raises(Refused, match="cannot be decrypted"):
        Revisions(client, Secret("j" * 32)).source("prod", "app", 1)


def test_only_what_was_held_for_the_plan_is_kept(client: Redis) -> None:
    """A worker that lost its lease may have planned from other files. Without a key nothing is held."""
    revisions = Revisions(client, KEY)
    revisions.hold("one", "the plan of a worker that lost the job", source())
    assert revisions.keep("prod", "one", "plan", "U0ADA") == 0
    Revisions(client, None).hold("two", "plan", source())
    assert revisions.keep("prod", "two", "plan", "U0ADA") == 0
    revisions.hold("three", "plan", source())
    assert Revisions(client, Secret("j" * 32)).keep("prod", "three", "plan", "U0ADA") == 0
    assert revisions.listed("prod", "app") == ()
