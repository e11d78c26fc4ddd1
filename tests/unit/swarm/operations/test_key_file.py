"""The steps on key files: what they do with the right key, a wrong key and none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bot.errors import SwarmbotError
from bot.model import Facts, KeyFile
from bot.secrets.secret import Secret
from bot.swarm.health.lost_quorum import old_managers, recovery_candidates
from bot.swarm.operations import CheckUnlockKey, DecryptKeyFile
from tests.kits.key_files import DEK, OTHER, UNLOCK, boxed, locked
from tests.plans.description import Description

LOST: dict[str, Any] = {"is": "manager", "swarm_error": "The swarm does not have a leader.", "raft_position": [2, 38]}


def _facts(host: dict[str, Any], typed_secret: Secret | None, text: bytes = b"", **rest: Any) -> Facts:
    facts = Description.model_validate({"hosts": {"host-1": host}, "readable": False, **rest}).facts()
    seen = facts.hosts["host-1"]
    assert seen.key_file
    key_file = KeyFile(seen.key_file.state, text)
    return replace(facts, hosts={"host-1": replace(seen, key_file=key_file)}, typed_secret=typed_secret)


@pytest.mark.parametrize(
    ("typed_secret", "said"),
    [
        (None, "is not stored any more: it is kept for 15 minutes and used once"),
        (OTHER, "does not decrypt the key file"),
    ],
)
def test_a_missing_or_wrong_key_is_reported_before_any_change(typed_secret: Secret | None, said: str) -> None:
    """A worker that took the job over has no key: it reports that and calls no engine."""
    facts = _facts({**LOST, "key": "locked"}, typed_secret, locked(raft_dek=boxed(DEK)))
    for step in (CheckUnlockKey("host-1", "prod"), DecryptKeyFile("host-1", "prod")):
        assert not step.satisfied(facts)
        with pytest.raises(SwarmbotError, match=said) as caught:
            step.apply(None, facts)  # type: ignore[arg-type] # no engine is asked
        assert "Press Retry" in str(step.settle(None, facts, caught.value))  # type: ignore[arg-type] # nor here


def test_no_key_is_needed_for_a_decrypted_file_or_a_forced_cluster() -> None:
    """After a crash the file may already be decrypted, or the engine forced and the file encrypted again."""
    steps = (CheckUnlockKey("host-1", "prod"), DecryptKeyFile("host-1", "prod"))
    for host in ({**LOST, "key": "opened"}, {**LOST, "membership": "inactive", "key": "opened"}):
        assert all(step.satisfied(_facts(host, None)) for step in steps)
    forced = _facts({"is": "leader", "key": "locked"}, None, readable=True)
    assert all(step.satisfied(forced) for step in steps)
    assert steps[0].satisfied(_facts({**LOST, "key": "locked"}, UNLOCK, locked(raft_dek=boxed(DEK))))


def test_a_recovery_continues_with_a_decrypted_manager() -> None:
    """Its engine is not part of a swarm, but is a member when it restarts: it has not left."""
    facts = _facts({**LOST, "membership": "inactive", "key": "opened"}, None)
    host = facts.host("host-1")
    assert host.recovery_pending
    assert recovery_candidates(facts) == [host]
    assert [old.state for old in old_managers(facts, host)] == ["member"]
