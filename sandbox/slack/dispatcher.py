"""Sends deliveries to the bot, signed over HTTP or in Socket Mode envelopes, and shows the result to the person."""

from __future__ import annotations

import asyncio
import json
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from aiohttp import ClientError, ClientSession, ClientTimeout
from slack_sdk.signature import SignatureVerifier

from sandbox.slack.base import Json, SlackError
from sandbox.slack.delivery import Delivery
from sandbox.slack.recording import record_delivery
from sandbox.slack.responses import show_ack, show_failure
from sandbox.slack.sockets import Sockets
from sandbox.slack.workspace import Workspace

ACK_TIMEOUT_S: Final = 3.0
STALE_SIGNATURE_AGE_S: Final = 301
OK: Final = 200

Answer = tuple[int, Json | str]


@dataclass
class Dispatcher:
    """Sends deliveries to ``bot_url`` or, in Socket Mode, to one of the bot's connections."""

    workspace: Workspace
    sockets: Sockets
    base_url: str = ""
    """The local Slack's own URL."""
    bot_url: str = ""
    """The bot's ``/slack/events``."""
    socket_mode: bool = False
    ack_timeout_s: float = ACK_TIMEOUT_S
    done: list[Delivery] = field(default_factory=list)

    async def deliver(self, delivery: Delivery) -> Delivery:
        """Send a delivery, wait for the ack, and show the result to the person; the bot's errors raise nothing."""
        faults = self.workspace.faults
        started = time.monotonic()
        if faults.take("deliver_twice", delivery.kind):
            answer, _ = await asyncio.gather(self._attempt(delivery, {}), self._attempt(delivery, {}))
        else:
            answer = await self._attempt(delivery, {})
        delivery.ack_ms = (time.monotonic() - started) * 1000
        failed = not isinstance(answer, str) and answer[0] != OK
        again_by_itself = delivery.kind == "event" and (isinstance(answer, str) or failed) and not delivery.final
        if faults.take("retry", delivery.kind) or again_by_itself:
            reason = answer if isinstance(answer, str) else "http_error"
            again = {"x-slack-retry-num": "1", "x-slack-retry-reason": reason.replace("operation", "http")}
            answer = await self._attempt(delivery, again)
        if faults.take("ack_lost", delivery.kind):
            answer = "operation_timeout"
        self._finish(delivery, answer)
        return delivery

    def _finish(self, delivery: Delivery, answer: Answer | str) -> None:
        with self.workspace.changed:
            if isinstance(answer, str):
                show_failure(self.workspace, delivery, answer)
            else:
                delivery.status, delivery.body = answer
                try:
                    if delivery.status == OK:
                        show_ack(self.workspace, delivery)
                    else:
                        show_failure(self.workspace, delivery, "dispatch_failed")
                except SlackError as error:
                    show_failure(self.workspace, delivery, error.code)
            delivery.over = True
            self.done.append(delivery)
            self.workspace.tell()

    async def _attempt(self, delivery: Delivery, headers: Mapping[str, str]) -> Answer | str:
        """Return the bot's status and body, or the error that the person sees."""
        began = time.monotonic()
        answer = await self._sent(delivery, headers)
        record_delivery(self.workspace, delivery, answer, began=began, note="delivered again" if headers else "")
        return answer

    async def _sent(self, delivery: Delivery, headers: Mapping[str, str]) -> Answer | str:
        try:
            if self.socket_mode:
                return await self._by_socket(delivery, headers)
            return await self._by_http(delivery, headers)
        except TimeoutError:
            return "operation_timeout"
        except (ClientError, ConnectionError, ValueError):
            return "dispatch_failed"

    async def _by_socket(self, delivery: Delivery, headers: Mapping[str, str]) -> Answer:
        envelope = delivery.envelope(str(uuid.uuid4()))
        if headers:
            envelope |= {"retry_attempt": 1, "retry_reason": headers["x-slack-retry-reason"]}
        ack = await self.sockets.send(envelope, self.ack_timeout_s)
        return OK, ack.get("payload") or ""

    async def _by_http(self, delivery: Delivery, headers: Mapping[str, str]) -> Answer:
        body, content_type = delivery.http()
        all_headers = {"Content-Type": content_type, **self._signature(delivery.kind, body), **headers}
        timeout = ClientTimeout(total=self.ack_timeout_s)
        async with (
            ClientSession(timeout=timeout) as session,
            session.post(self.bot_url, data=body, headers=all_headers) as response,
        ):
            text = await response.text()
            delivery.final = response.headers.get("x-slack-no-retry") == "1"
            return response.status, json.loads(text) if response.content_type == "application/json" else text

    def _signature(self, kind: str, body: bytes) -> dict[str, str]:
        """Return the signature headers, valid ones unless a fault is active."""
        faults = self.workspace.faults
        if faults.take("no_signature", kind):
            return {}
        stale = STALE_SIGNATURE_AGE_S if faults.take("stale_signature", kind) else 0
        timestamp = str(int(time.time()) - stale)
        if faults.take("text_timestamp", kind):
            timestamp = "yesterday"
        secret = self.workspace.team.app.signing_secret
        if faults.take("forged_signature", kind):
            secret = "somebody else's"  # noqa: S105 - only a wrong value
        signature = SignatureVerifier(secret).generate_signature(timestamp=timestamp, body=body)
        return {"X-Slack-Request-Timestamp": timestamp, "X-Slack-Signature": str(signature)}
