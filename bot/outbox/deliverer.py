"""Sends what the outbox holds: in each worker, at once and again until Slack has accepted it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, replace
from threading import Lock
from typing import Final

from bot.blocks import WARNING, Message, channel, context, section, when
from bot.errors import SwarmbotError, Unavailable
from bot.outbox.outbox import CLAIM_S, Claim, Outbox
from bot.outbox.outgoing import Outgoing, folded, parent_of, replies_to
from bot.slack.outbound.notifier import CHANNEL_CLOSED, Notifier, Undelivered, next_step_for
from bot.store import keys

MAX_MESSAGES: Final = 1000
"""The most messages that wait for Slack. Beyond it the oldest are given up."""
MAX_AGE_S: Final = float(keys.DAY_S)
"""How long a message is tried."""
TOO_OLD: Final = "Slack did not accept it for 24 hours"
SECRET_MAX_AGE_S: Final = 300.0
"""How long a secret is tried. After that its requester reads that it was not shown."""
FIRST_PAUSE_S: Final = 1.0
MAX_PAUSE_S: Final = 15.0
CLOSED_PAUSE_S: Final = 60.0
"""Seconds between two attempts in a channel that cannot be posted to."""
LATE_S: Final = 30.0
"""A message that is sent this long after it was made says when it was true."""
HOOK_TRIES: Final = 3
"""Failed attempts after which a private message is sent without its response_url, which may be what fails."""
PERSON_GONE: Final = CHANNEL_CLOSED | {"user_not_found", "user_disabled", "cannot_dm_bot", "messages_tab_disabled"}

log = logging.getLogger(__name__)

Reread = Callable[[Outgoing], Message]
"""Reads a secret again and returns the message that shows it. Raises a SwarmbotError if it cannot be read."""


@dataclass(frozen=True, slots=True)
class Ready:
    """A promised message in the worker that promised it."""

    outgoing: Outgoing
    secret: Message | None = None
    """What to send instead at the first attempt. It is stored nowhere."""


class Deliverer:
    """Safe to share between threads. Each worker has one; several share the outbox.

    ``notifier`` must not retry by itself. ``executor`` runs the attempts. ``now`` returns unix seconds. It sends only
    messages whose id begins with ``prefix``.
    """

    def __init__(
        self,
        outbox: Outbox,
        notifier: Notifier,
        reread: Reread,
        executor: Executor,
        *,
        worker: str,
        prefix: str = "",
        now: Callable[[], float] = time.time,
    ) -> None:
        self._outbox = outbox
        self._notifier = notifier
        self._reread = reread
        self._executor = executor
        self._worker = worker
        self._prefix = prefix
        self._now = now
        self._lock = Lock()
        self._busy: set[str] = set()

    def send(self, ready: Sequence[Ready]) -> None:
        """Send messages that this process has just promised. Does not block or raise."""
        for each in ready:
            self._begin(each.outgoing.id, each.secret)

    def run_once(self) -> None:
        """Send the messages that are due, and give up the oldest if there are too many.

        Raises Unavailable if Redis does not respond.
        """
        for outgoing, version in self._outbox.surplus(MAX_MESSAGES):
            self._give_up(outgoing, version, f"more than {MAX_MESSAGES} messages waited for Slack")
        begun: set[str] = set()
        for message_id in self._outbox.due():
            thread = parent_of(message_id)
            if message_id.startswith(self._prefix) and not (thread and thread in begun):
                begun.add(thread)
                self._begin(message_id, None)

    def _begin(self, message_id: str, secret: Message | None) -> None:
        thread = parent_of(message_id)
        busy = replies_to(thread) if thread else message_id
        with self._lock:
            if busy in self._busy:
                return
            self._busy.add(busy)
        with suppress(RuntimeError):  # the process ends: another worker sends it
            self._executor.submit(self._attempt, message_id, thread, busy, secret)

    def _attempt(self, message_id: str, thread: str, busy: str, secret: Message | None) -> None:
        try:
            if thread:
                self._reply(thread)
            elif claim := self._outbox.claim(message_id):
                self._deliver(claim, secret)
        except Unavailable as error:
            log.info("message %s: %s", message_id, error.happened)
        except Exception:  # the message stays in the outbox, and the next run comes
            log.exception("Message %s could not be sent.", message_id)
        finally:
            with self._lock:
                self._busy.discard(busy)

    def _deliver(self, claim: Claim, secret: Message | None) -> None:
        outgoing, began = claim.outgoing, time.monotonic()
        if self._now() - outgoing.made_at > MAX_AGE_S:
            self._give_up(outgoing, claim.version, TOO_OLD)
            return
        message = self._message(claim, secret)
        if time.monotonic() - began > CLAIM_S / 2:
            return  # it took too long, or this process stood still: another attempt may have begun
        try:
            if message is None:
                self._outbox.drop_secret(claim)
            elif outgoing.target == "channel":
                self._post(claim, message)
            else:
                self._say(claim, message)
        except Undelivered as error:
            log.warning("message %s was not accepted, attempt %d: %s", outgoing.id, claim.tries + 1, error.reason)
            self._not_accepted(claim, error)

    def _message(self, claim: Claim, secret: Message | None) -> Message | None:
        """Return what to send now; None if a secret cannot be shown any more."""
        outgoing = claim.outgoing
        if not outgoing.secret:
            return _dated(outgoing, self._now())
        if secret is not None:
            return secret
        if self._now() - outgoing.made_at > SECRET_MAX_AGE_S:
            return None
        try:
            return self._reread(outgoing)
        except Unavailable:
            raise
        except SwarmbotError as error:
            log.warning("the secret of message %s cannot be read again: %s", outgoing.id, error)
            return None

    def _reply(self, parent: str) -> None:
        """Post in the thread of another message, once that was posted: all replies that wait, as one.

        A reply marked as alone is sent alone, and those after it in the next run. The worker that claims the first one
        may send the others too; so they are posted in order.
        """
        began, claims = time.monotonic(), self._claimed(parent)
        if not claims or time.monotonic() - began > CLAIM_S / 2:
            return
        thread = self._outbox.posted_ts(parent)
        if thread is None:
            for claim in claims:
                self._give_up(claim.outgoing, claim.version, "the message that it replies to was not delivered")
        elif not thread:
            for claim in claims:
                self._outbox.put_off(claim, FIRST_PAUSE_S)
        else:
            self._post_replies(claims, thread)

    def _claimed(self, parent: str) -> list[Claim]:
        """Claim the replies to a message that make one, the first one first, without those that are too old."""
        claims: list[Claim] = []
        for reply in self._outbox.replies(parent):
            claim = None if claims and claims[0].outgoing.alone else self._outbox.claim(reply)
            if claim is None:
                break
            if self._now() - claim.outgoing.made_at > MAX_AGE_S:
                self._give_up(claim.outgoing, claim.version, TOO_OLD)
            elif claims and claim.outgoing.alone:
                self._outbox.put_off(claim, 0.0)
                break
            else:
                claims.append(claim)
        return claims

    def _post_replies(self, claims: Sequence[Claim], thread: str) -> None:
        whole = folded([claim.outgoing for claim in claims])
        try:
            message = _dated(whole, self._now())
            self._notifier.post(whole.channel, message, thread=thread, broadcast=whole.broadcast)
        except Undelivered as error:
            log.warning("%d replies to message %s were not accepted: %s", len(claims), whole.reply_to, error.reason)
            for claim in claims:
                self._not_accepted(claim, error)
        else:
            for claim in claims:
                self._outbox.sent(claim)

    def _post(self, claim: Claim, message: Message) -> None:
        outgoing = claim.outgoing
        if claim.ts:
            ts = self._notifier.update(outgoing.channel, claim.ts, message, thread=outgoing.thread)
        else:
            ts = self._notifier.post(outgoing.channel, message, thread=outgoing.thread)
        other = self._outbox.sent(claim, ts)
        if other is not None and ts not in {other, claim.ts}:
            # This worker stood still while another one posted the message: then there must not be two.
            log.warning("message %s was posted twice: deleting the second one", outgoing.id)
            with suppress(Undelivered):
                self._notifier.delete(outgoing.channel, ts)
        self._outbox.forget_channel(outgoing.channel)
        if not claim.ts and other is None and outgoing.first is not None:
            self._outbox.note(outgoing.first)

    def _say(self, claim: Claim, message: Message) -> None:
        outgoing = claim.outgoing
        shared = outgoing.target == "shared"
        if not self._answered(claim, message):
            if shared:
                self._notifier.post(outgoing.channel, message)
            else:
                self._notifier.tell(outgoing.user, outgoing.channel, message)
        self._outbox.sent(claim)

    def _answered(self, claim: Claim, message: Message) -> bool:
        """Return whether the response_url accepted it. Raise Undelivered if it may accept it soon."""
        outgoing = claim.outgoing
        if not outgoing.response_url or claim.tries >= HOOK_TRIES:
            return False
        try:
            self._notifier.answer(
                outgoing.response_url, message, replace=outgoing.replace, in_channel=outgoing.target == "shared"
            )
        except Undelivered as error:
            if error.temporary:
                raise
            log.info("response_url: %s; answering without it", error.reason)
            return False
        return True

    def _not_accepted(self, claim: Claim, error: Undelivered) -> None:
        outgoing = claim.outgoing
        if outgoing.target == "channel" and error.reason in CHANNEL_CLOSED:
            self._closed(claim, error)
        elif outgoing.secret and not error.temporary:
            self._outbox.drop_secret(claim)
        elif outgoing.target != "channel" and error.reason in PERSON_GONE:
            self._give_up(outgoing, claim.version, f"Slack does not accept it ({error.reason})")
        else:
            pause = min(FIRST_PAUSE_S * 2**claim.tries, MAX_PAUSE_S)
            self._outbox.put_off(claim, max(pause, error.retry_after_s))

    def _closed(self, claim: Claim, error: Undelivered) -> None:
        """Show the requester what the channel should have shown, once, and try the channel again later."""
        outgoing = claim.outgoing
        self._outbox.note_channel(outgoing.channel, error.reason)
        if outgoing.promised and outgoing.user and not claim.copied:
            copy = _copy(outgoing, error.reason)
            self._outbox.put(copy)
            self._begin(copy.id, None)
            self._outbox.note_copied(claim, CLOSED_PAUSE_S)
        else:
            self._outbox.put_off(claim, CLOSED_PAUSE_S)

    def _give_up(self, outgoing: Outgoing, version: str, why: str) -> None:
        log.error("message %s is given up: %s", outgoing.id, why)
        self._outbox.give_up(outgoing, version, why, self._worker)


def _dated(outgoing: Outgoing, now: float) -> Message:
    """Return the message; if it comes late, with the time at which it was true."""
    message = outgoing.message
    if not outgoing.promised or now - outgoing.made_at < LATE_S:
        return message
    note = context(f"Sent late: this was true {when(outgoing.made_at)}. Slack did not accept it before.")
    blocks = message.blocks or (section(message.text),)
    return replace(message, blocks=(*blocks, note), plain=(*message.plain, note) if message.plain else ())


def _closed_text(channel_id: str, reason: str) -> str:
    """Return that a channel cannot be posted to, and what to do."""
    return f"{WARNING} *Swarmbot cannot post in* {channel(channel_id)} (`{reason}`). {next_step_for(reason)}"


def _copy(outgoing: Outgoing, reason: str) -> Outgoing:
    """Return what the requester is shown of a message for a channel: without its buttons."""
    message = outgoing.message
    lead = section(" ".join(filter(None, [_closed_text(outgoing.channel, reason), outgoing.hint])))
    shown = message.blocks or (section(message.text),)
    blocks = (lead, *(block for block in shown if block["type"] != "actions"))
    plain = (lead, *(block for block in message.plain if block["type"] != "actions")) if message.plain else ()
    return replace(
        outgoing,
        id=f"{outgoing.id}:copy",
        target="private",
        message=Message(f"Only you see this: {message.text}", blocks, plain),
        channel=outgoing.asked_in,
        thread="",
        hint="",
        first=None,
    )
