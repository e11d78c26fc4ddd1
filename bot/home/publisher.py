"""Publishes the Homes that are due and have changed, within Slack's limits. Processes claim each Home.

A Home that somebody has just opened is checked every few seconds, later less often, and after half a day not before
it is opened again.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from itertools import islice
from typing import Final

from bot.home.homes import HomeClaim, Homes
from bot.home.reader import HomeData, HomeReader
from bot.home.view import digest_of, home_view
from bot.slack.outbound.notifier import Notifier, Undelivered

INTERVAL_S: Final = 0.5
PER_TURN: Final = 10
"""How many Homes are claimed at once: few, so that a slow Slack accepts them before the claims expire."""
FRESH_S: Final = 600.0
"""How long after it was opened a Home is checked often."""
KEPT_S: Final = 12 * 3600.0
"""How long after it was opened a Home is checked."""
OFTEN_S: Final = 5.0
SELDOM_S: Final = 30.0
RETRY_S: Final = 10.0
BUSY_S: Final = 15.0
"""The pause if Slack accepts no more calls in this minute."""
GONE: Final = frozenset({"user_not_found", "not_enabled", "missing_scope", "invalid_auth", "account_inactive"})
"""Slack will not show this Home until somebody changes something."""

log = logging.getLogger(__name__)


class HomePublisher:
    """For one thread. ``notifier`` must not retry by itself."""

    def __init__(
        self, homes: Homes, reader: HomeReader, notifier: Notifier, now: Callable[[], float] = time.time
    ) -> None:
        self._homes = homes
        self._reader = reader
        self._notifier = notifier
        self._now = now

    def run_once(self) -> None:
        """Publish what is due. Raises Unavailable."""
        claims = list(islice(iter(self._homes.claim, None), PER_TURN))
        if not claims:
            return
        stored = self._reader.stored()  # after the claims: another process may have published since an earlier reading
        for claim in claims:
            self._publish(claim, stored)

    def _publish(self, claim: HomeClaim, stored: HomeData) -> None:
        age = self._now() - claim.opened_at
        again_s = OFTEN_S if age < FRESH_S else SELDOM_S if age < KEPT_S else None
        facts = self._reader.facts(claim.person, stored)
        digest = digest_of(facts)
        if digest == claim.digest:
            self._homes.done(claim, again_s, digest=claim.digest, shown=claim.hash)
        elif not self._homes.may_call():
            self._homes.done(claim, BUSY_S, digest=claim.digest, shown=claim.hash)
        else:
            try:
                shown = self._notifier.publish_home(claim.person, home_view(facts), claim.hash)
            except Undelivered as error:
                self._refused(claim, error)
            else:
                self._homes.done(claim, again_s, digest=digest, shown=shown)

    def _refused(self, claim: HomeClaim, error: Undelivered) -> None:
        """Read it again soon. After ``hash_conflict`` somebody has published another view: this one is newer then."""
        conflict = error.reason == "hash_conflict"
        if not conflict:
            log.warning("The Home of %s was not published: %s", claim.person, error.reason)
        pause_s = 0.0 if conflict else max(RETRY_S, error.retry_after_s)
        self._homes.done(claim, None if error.reason in GONE else pause_s, digest="", shown="")
