"""Anchors: only they show that entries were cut off or written again with a head that fits."""

from __future__ import annotations

from pathlib import Path

import pytest
from redis import Redis

from bot.audit import Audit, Entry, Head
from bot.store import keys
from tests.kits.audit_log import archived, put, stored, write


@pytest.mark.parametrize("left", [0, 1, 6, 11])
def test_a_cut_that_hides_itself(audit: Audit, client: Redis, left: int) -> None:
    """The tail and the head cut off together look like a shorter log; only an anchor knows better."""
    heads = write(client, 12)
    put(client, stored(client)[:left])
    if left:
        client.set(keys.AUDIT_HEAD, str(heads[left - 1]))
    else:
        client.delete(keys.AUDIT_HEAD)
    assert audit.verify().ok
    verdict = audit.verify(anchors=[heads[2], heads[11]] if left > 2 else [heads[11]])
    assert (verdict.ok, verdict.first_bad, verdict.count) == (False, left + 1, left)
    assert "an anchor was taken when there were 12" in verdict.problem


def test_a_log_written_anew(audit: Audit, client: Redis) -> None:
    """A whole chain forged from some entry on holds by itself; the first anchor behind that entry does not fit."""
    heads = write(client, 12)
    put(client, stored(client)[:5])
    client.set(keys.AUDIT_HEAD, str(heads[4]))
    Audit(client).append([Entry("asked", f"U{number}") for number in range(6, 13)])
    assert audit.verify(anchors=[heads[4]]).ok
    verdict = audit.verify(anchors=[heads[11], heads[2], heads[8]])
    assert (verdict.ok, verdict.first_bad) == (False, 9)
    assert "an anchor has another hash for it" in verdict.problem


def test_an_anchor_in_the_archive(audit: Audit, client: Redis, tmp_path: Path) -> None:
    """Anchors older than what Redis holds are held against the archive."""
    heads = write(client, 12)
    archive = archived(audit, tmp_path, 8)
    assert audit.verify(archive, [heads[3], heads[7], heads[11]]).ok
    assert audit.verify(archive, [Head(4, "f" * 64)]).first_bad == 4
    assert audit.verify(None, [Head(8, "f" * 64)]).first_bad == 8


def test_anchors_that_contradict_each_other(audit: Audit, client: Redis) -> None:
    """Two hashes for one entry cannot both be right, in whichever order they are given."""
    heads = write(client, 3)
    forged = Head(2, "f" * 64)
    for anchors in ([heads[1], forged], [forged, heads[1]]):
        assert audit.verify(anchors=anchors).first_bad == 2
