"""Sends what waits for a webhook: in order, again until it was accepted, and at least once.

The watch process with the webhook's lease sends. If it is killed after the receiver's answer and before it has stored
that, the next process sends the request again, with the same ``Idempotency-Key``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

import requests

from bot.audit import Entry
from bot.store import keys
from bot.store.leader_lease import LeaderLease, LeaderLeases, LeadershipLost
from bot.webhooks.deliveries import Deliveries, Delivery, Retry
from bot.webhooks.targets import Target

CONNECT_TIMEOUT_S: Final = 3.05
REPLY_TIMEOUT_S: Final = 7.0
"""The time until the head of the answer; its body is not read."""
LEASE_S: Final = 20.0
"""The length of the lease, longer than an attempt. If the process is killed, another one sends after this time."""
FIRST_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 900.0
MAX_AGE_S: Final = float(keys.DAY_S)
"""How long a request is tried."""
INVALID: Final = frozenset({400, 413, 415, 422})
"""Status codes after which the same request is never accepted. With other codes the receiver, or its URL, may be
repaired."""

log = logging.getLogger(__name__)


class Rejected(Exception):
    """The receiver did not accept a request. Its text names neither URL nor key."""

    def __init__(self, why: str, *, final: bool) -> None:
        super().__init__(why)
        self.final = final
        """Whether it never accepts this request."""


class WebhookSender:
    """Sends for one webhook. For one thread. ``now`` returns unix seconds."""

    def __init__(
        self, target: Target, deliveries: Deliveries, leases: LeaderLeases, now: Callable[[], float] = time.time
    ) -> None:
        self._target = target
        self._deliveries = deliveries
        self._leases = leases
        self._now = now

    def run_once(self) -> None:
        """Send what is due, if no other process does. Raises Unavailable if Redis does not respond."""
        if not self._due():
            return
        lease = self._leases.acquire(keys.webhook_lease(self._target.name), LEASE_S)
        if lease is None:
            return
        try:
            while due := self._due():
                lease.renew()
                self._attempt(lease, *due)
        except LeadershipLost:
            log.warning("Another process sends for the webhook %s.", self._target.name)
        finally:
            lease.release()

    def _due(self) -> tuple[Delivery, Retry] | None:
        found = self._deliveries.first(self._target.name)
        return found if found and self._now() >= found[1].at else None

    def _attempt(self, lease: LeaderLease, delivery: Delivery, retry: Retry) -> None:
        try:
            self._post(delivery)
        except Rejected as error:
            self._rejected(lease, delivery, retry, error)
        else:
            self._deliveries.done(lease, delivery)

    def _rejected(self, lease: LeaderLease, delivery: Delivery, retry: Retry, error: Rejected) -> None:
        name, tries = self._target.name, retry.tries + 1
        if error.final or self._now() - delivery.made_at > MAX_AGE_S:
            log.error(
                "The webhook %s has not accepted incident %s: %s. It is given up.", name, delivery.incident, error
            )
            self._deliveries.done(lease, delivery, [_given_up(delivery, str(error), tries)])
            return
        if tries == 1:
            log.warning("The webhook %s has not accepted incident %s: %s.", name, delivery.incident, error)
        pause_s = min(FIRST_PAUSE_S * 2 ** min(tries - 1, 20), MAX_PAUSE_S)
        self._deliveries.put_off(lease, delivery, Retry(tries, self._now() + pause_s))

    def _post(self, delivery: Delivery) -> None:
        body = delivery.body
        if self._target.key is not None:
            body = {**body, "routing_key": self._target.key.reveal()}
        # Not chained: the client's errors hold the URL.
        try:
            with requests.post(
                self._target.url.reveal(),
                json=body,
                headers={"Idempotency-Key": delivery.id, "User-Agent": "Swarmbot"},
                timeout=(CONNECT_TIMEOUT_S, REPLY_TIMEOUT_S),
                allow_redirects=False,
                stream=True,
            ) as response:
                status = response.status_code
        except requests.Timeout:
            raise Rejected("it did not respond in time", final=False) from None
        except requests.RequestException as error:
            raise Rejected(f"it cannot be reached ({type(error).__name__})", final=False) from None
        if not 200 <= status < 300:  # noqa: PLR2004 - HTTP's own
            raise Rejected(f"HTTP status {status}", final=status in INVALID)


def _given_up(delivery: Delivery, why: str, tries: int) -> Entry:
    detail = f"webhook {delivery.webhook}: {why}, attempt {tries}"
    words = f"incidents {delivery.incident}"
    return Entry(
        "webhook not delivered", "watch", cluster=delivery.cluster, command="incidents", words=words, detail=detail
    )
