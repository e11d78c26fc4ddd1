"""Encrypted secrets in Redis: opened for their purpose, with their key, and once."""

from __future__ import annotations

import pytest
from redis import Redis

from bot.errors import Refused
from bot.queue.secret_inbox import SecretInbox
from bot.secrets.secret import TYPED_SECRET_TTL_S, Secret
from bot.secrets.vault import Vault, WrongKey

KEY = Secret("a key of the tests: thirty-two characters and more")
TYPED = Secret("SWMKEY-1-typed-into-a-form")


def test_vault_opens_for_its_purpose_only() -> None:
    """Another purpose or key does not open it, and the encrypted text shows nothing."""
    sealed = Vault(KEY).seal("here", TYPED)
    assert TYPED.reveal() not in sealed
    assert Vault(KEY).open("here", sealed) == TYPED
    with pytest.raises(WrongKey):
        Vault(KEY).open("there", sealed)
    with pytest.raises(WrongKey):
        Vault(Secret("another key of thirty-two characters")).open("here", sealed)


def test_typed_secret_is_taken_once(client: Redis) -> None:
    """It is stored encrypted and for minutes; taking it deletes it."""
    given_id = SecretInbox(client, KEY).keep("U0ADA", TYPED)
    (key,) = client.scan_iter()
    assert 0 < client.ttl(key) <= TYPED_SECRET_TTL_S
    assert TYPED.reveal() not in str(client.get(key))
    assert SecretInbox(client, KEY).take("U0ADA", given_id) == TYPED
    assert [*client.scan_iter()] == []
    assert SecretInbox(client, KEY).take("U0ADA", given_id) is None


def test_another_person_or_key_gets_nothing(client: Redis) -> None:
    """The secret is deleted and not shown."""
    given_id = SecretInbox(client, KEY).keep("U0ADA", TYPED)
    assert SecretInbox(client, KEY).take("U0BEN", given_id) is None
    given_id = SecretInbox(client, KEY).keep("U0ADA", TYPED)
    assert SecretInbox(client, Secret("another key of thirty-two characters")).take("U0ADA", given_id) is None
    assert [*client.scan_iter()] == []


def test_without_a_key_no_secret_is_accepted(client: Redis) -> None:
    """The refusal names the setting, before anything is typed."""
    with pytest.raises(Refused, match="SWARMBOT_SECRET_KEY is not set"):
        SecretInbox(client, None).require()
    with pytest.raises(Refused, match="SWARMBOT_SECRET_KEY is not set"):
        SecretInbox(client, None).keep("U0ADA", TYPED)
