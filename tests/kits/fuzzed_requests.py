"""Hostile requests to the web process, drawn from one seed: what is sent, and which answers are right."""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from random import Random
from string import ascii_lowercase
from typing import Any, Final
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

from bot.commands import Flag
from bot.commands.command import RUN_COMMAND
from bot.execution.progress_card import RUN_PLAN
from bot.gate.cluster_choice import BUTTON as CHOOSE_CLUSTER
from bot.gate.incident_buttons import INCIDENT_BUTTONS
from bot.slack.inbound.payloads import MAX_VALUE_CHARS
from tests.kits.commands import COMMANDS
from tests.kits.payload_fuzz import FORM, JSON, content_type, encoded, mutated
from tests.kits.random_run.recorder import NAMED_JOB
from tests.kits.web_app import COMMAND, EVENT, MENTION, PRESS, SUBMISSION

OK: Final = frozenset({200})
TAKEN_OR_REFUSED: Final = frozenset({200, 400, 404})
"""404: a kind of payload that nothing listens to."""
REFUSED: Final = frozenset(range(400, 500))
BROKEN_HTTP: Final = REFUSED | {200, 501}
"""200: an unknown minor or major version is served as HTTP/1.0. 501: a transfer coding that is not implemented."""
MAX_BODY_BYTES: Final = 1024 * 1024
KEPT: Final = 200
"""How many requests and job ids are remembered, to be sent again."""
PEOPLE: Final = ("U0ADA", "U0BEN", "U0CLEO", "U0DAN", "U0EVE", "U0NOBODY", "W0OTHER")
CHANNELS: Final = ("C0PROD", "C0PROD", "C0PROD", "C0LAB", "D0ADA", "C0NONE")
UNUSED_KINDS: Final = ("shortcut", "message_action", "block_suggestion", "view_closed", "interactive_message", "x")
BUTTONS: Final = (
    *("approval.approve", "approval.deny", "approval.withdraw", "approval.again", "answer.share", "answer.refresh"),
    *("job.retry", "job.cancel", "job.offer", "audit.older", "audit.newer", "totp.code", "secret.hide", "secret.enter"),
    *(RUN_COMMAND, RUN_PLAN, CHOOSE_CLUSTER, *sorted(INCIDENT_BUTTONS), "answer.#2", "#", "nonsense"),
)
FORMS: Final = ("approval.deny", "approval.code", "totp.confirm", "secret.give", "text.give", "command.fill", "")
SUBJECTS: Final = (
    *("", "{}", "[]", "null", "7", '"x"', "{", '{"job": null}', '{"job": "zzzz", "cluster": "prod"}', "k7f3 k7f3"),
    '{"command": "drain", "cluster": "prod", "channel": "C0PROD", "response_url": ""}',
    '{"command": "drain", "cluster": "nowhere", "channel": "C0PROD", "response_url": ""}',
    '{"command": "drain", "cluster": 7, "channel": [], "response_url": null}',
    *('{"command": "deploy", "args": {"stack": 7}}', '{"text": 7, "cluster": "nowhere", "channel": []}', "a:b:c"),
)
SPACES: Final = (" ", " ", " ", "  ", "\t", "\n", "\u00a0", "\u2028")
JUNK_WORDS: Final = (
    *("", '"', "'", "“", "”", "\\", "`", "*", "_", "~"),
    *("--", "-", "---", "=", "--=", "--=x", "%s", "{0}", "{}", "$(id)"),
    *("\u202e", "\u0000", "\u0007", "\x1b[31m", "\ufeff", "é", "e\u0301", "日本", "🚢", "\u200d", "İ", "ß"),
    *("<@U0ADA>", "<!channel>", "<#C0PROD|prod>", "<https://x|y>", "<!subteam^S0OPS>", "&lt;", "&amp;amp;", "$(id)"),
    *("0", "-1", "1e309", "9" * 400, "٣", "1m", "1h30m", "-5m", "2026-11-31", "99999-01-01", "NaN", "null", "None"),
    *("host-1", "host-99", "prod", "lab", "all", "zone=b", "zone=", "=b", "a=b=c", "10.0.0.1", "::1", "10.0.0.0/33"),
    *("SWMTKN-1-" + "0" * 50 + "-" + "0" * 25, "password=hunter2", "x" * 3000, "../../etc/passwd", "a.b,c", "zzzz"),
)


@dataclass(frozen=True, slots=True)
class Fuzzed:
    """A request as it is sent, and the statuses with which it may be answered."""

    kind: str
    sent: bytes
    allowed: Collection[int]
    may_close: bool = False
    """Whether the connection may also be closed without an answer."""


class Fuzzer:
    """Draws requests. The same seed draws the same ones, except for times, signatures and the ids of jobs."""

    def __init__(self, seed: int, secret: str, response_url: str) -> None:
        """``response_url`` is where the bot may post answers."""
        self._draw = Random(seed)  # noqa: S311 - a run that can be repeated
        self._verifier = SignatureVerifier(secret)
        self._response_url = response_url
        self._trigger = 0
        self._sent: deque[Fuzzed] = deque(maxlen=KEPT)
        self._jobs: deque[str] = deque(maxlen=KEPT)
        self._flags = sorted(
            {each.shown for command in COMMANDS.values() for each in command.parameters if isinstance(each.spec, Flag)}
        )
        self._kinds: list[tuple[Callable[[], Fuzzed], int]] = [
            (self._sentence, 25),
            (self._mutant, 30),
            (self._press, 12),
            (self._press_in_view, 4),
            (self._form, 8),
            (self._mention, 4),
            (self._home, 1),
            (self._replay, 6),
            (self._wrong_type, 4),
            (self._wrong_bytes, 4),
            (self._unsigned, 4),
            (self._broken_http, 4),
            (self._deep, 1),
            (self._large, 1),
        ]

    def next(self) -> Fuzzed:
        """Return the next request."""
        draws, weights = zip(*self._kinds, strict=True)
        drawn: Fuzzed = self._draw.choices(draws, weights)[0]()
        if drawn.allowed is not REFUSED and not drawn.may_close:
            self._sent.append(drawn)
        return drawn

    def learn(self, told: str) -> None:
        """Remember the ids of the jobs that an answer names."""
        self._jobs.extend(NAMED_JOB.findall(told))

    # What a person may type and press

    def words(self) -> str:
        """Return the text of a command: mostly of words that have a meaning, in no sensible order."""
        draw = self._draw
        found = [draw.choice([*COMMANDS])] if draw.random() < 0.8 else []
        found += [self._word() for _ in range(draw.choice((0, 0, 1, 1, 2, 3, 5, 12)))]
        return "".join(word + draw.choice(SPACES) for word in found)

    def _word(self) -> str:
        draw, pick = self._draw, self._draw.random()
        if pick < 0.25:
            return draw.choice(self._flags) + draw.choice(("", "", "=", "=5", "=x y"))
        if pick < 0.6:
            return f"host-{draw.randint(1, 7)}" if draw.random() < 0.6 else self._job()
        if pick < 0.95:
            return draw.choice(JUNK_WORDS)
        return "".join(chr(draw.choice((draw.randrange(32, 127), draw.randrange(0xD7FF)))) for _ in range(20))

    def _job(self) -> str:
        if self._jobs and self._draw.random() < 0.7:
            return self._draw.choice(self._jobs)
        return "".join(self._draw.choices(ascii_lowercase, k=4))

    def _command(self, text: str) -> dict[str, Any]:
        self._trigger += 1
        who, where = self._draw.choice(PEOPLE), self._draw.choice(CHANNELS)
        own = {"trigger_id": f"fuzz.{self._trigger}", "response_url": self._response_url}
        return {**COMMAND, "text": text, "user_id": who, "channel_id": where, **own}

    def _interaction(self, kind: str) -> dict[str, Any]:
        """Return a well-formed press or form with ids that somebody made up, or that are of another thing."""
        self._trigger += 1
        who = {"id": self._draw.choice(PEOPLE)}
        if kind == "form":
            view = {**SUBMISSION["view"], "callback_id": self._draw.choice(FORMS), "hash": f"fuzz.{self._trigger}"}
            values = {name: {name: {"type": "plain_text_input", "value": self._word()}} for name in ("reason", "code")}
            view |= {"private_metadata": self._subject(), "state": {"values": values}}
            return {**SUBMISSION, "user": who, "view": view}
        value = self._subject()[:MAX_VALUE_CHARS]
        action = {**PRESS["actions"][0], "action_id": self._draw.choice(BUTTONS), "value": value}
        own = {"trigger_id": f"fuzz.{self._trigger}", "response_url": self._response_url}
        return {**PRESS, "user": who, "channel": {"id": self._draw.choice(CHANNELS)}, "actions": [action], **own}

    def _subject(self) -> str:
        return self._draw.choice((self._job, self.words, self._word, lambda: self._draw.choice(SUBJECTS)))()

    # Requests

    def _sentence(self) -> Fuzzed:
        return self._signed("command", urlencode(self._command(self.words()), errors="replace").encode(), FORM, OK)

    def _press(self) -> Fuzzed:
        return self._signed("press", _as_payload(self._interaction("press")), FORM, OK)

    def _press_in_view(self) -> Fuzzed:
        """Return a press in a form, or in Home, which has no callback_id."""
        form, press = self._interaction("form"), self._interaction("press")
        del press["response_url"], press["channel"]
        home = {"type": "home", "id": "V2", "hash": "1.x", "private_metadata": ""}
        view = self._draw.choice((form["view"], home))
        pressed = {**press, "view": view, "container": {"type": "view", "view_id": view["id"]}}
        return self._signed("press in a view", _as_payload(pressed), FORM, OK)

    def _mention(self) -> Fuzzed:
        """Return a message to the bot, which may be everything but short."""
        self._trigger += 1
        own = {"user": self._draw.choice(PEOPLE), "channel": self._draw.choice(CHANNELS), "ts": f"17.{self._trigger}"}
        kind = self._draw.choice(("app_mention", "message"))
        event = {**MENTION["event"], "type": kind, "text": f"<@U0SWARM> {self.words()}", "channel_type": "im", **own}
        body = json.dumps({**MENTION, "event_id": f"Ev{self._trigger}", "event": event}).encode()
        return self._signed("mention", body, JSON, OK)

    def _home(self) -> Fuzzed:
        event = {
            **EVENT["event"],
            "user": self._draw.choice(PEOPLE),
            "tab": self._draw.choice(("home", "messages", "")),
        }
        return self._signed("Home", json.dumps({**EVENT, "event": event}).encode(), JSON, OK)

    def _form(self) -> Fuzzed:
        return self._signed("form", _as_payload(self._interaction("form")), FORM, OK)

    def _mutant(self) -> Fuzzed:
        kind = self._draw.choice(("command", "press", "form", "event", "mention"))
        original = {
            "command": lambda: self._command(self.words()),
            "press": lambda: self._interaction("press"),
            "form": lambda: self._interaction("form"),
            "event": lambda: EVENT,
            "mention": lambda: MENTION,
        }[kind]()
        if kind != "command" and self._draw.random() < 0.15:
            original = {**original, "type": self._draw.choice(UNUSED_KINDS)}
        body = encoded(self._draw, kind, mutated(self._draw, original))
        return self._signed("mutated", body, content_type(body), TAKEN_OR_REFUSED)

    def _wrong_type(self) -> Fuzzed:
        whole = self._draw.choice((self._sentence, self._press, self._form))()
        body = whole.sent.partition(b"\r\n\r\n")[2]
        wrong = ("", JSON, "text/plain", "multipart/form-data; boundary=x", "application/xml", f"{FORM}; charset=utf-7")
        kind = self._draw.choice(wrong)
        return self._signed("wrong content type", body, kind, TAKEN_OR_REFUSED)

    def _wrong_bytes(self) -> Fuzzed:
        """Bytes that are no UTF-8, in the body itself or behind percent signs."""
        draw = self._draw
        raw = draw.randbytes(draw.choice((0, 1, 30, 3000)))
        quoted = b"command=%2Fswarm&text=" + "".join(f"%{each:02x}" for each in raw).encode()
        body = draw.choice((raw, quoted, b"payload=" + raw, b'{"type":"' + raw + b'"}', b"%" * len(raw)))
        return self._signed("not UTF-8", body, draw.choice((FORM, JSON)), TAKEN_OR_REFUSED)

    def _deep(self) -> Fuzzed:
        depth = self._draw.choice((100, 2_000, 100_000))
        opened, inner, closed = self._draw.choice((("[", "", "]"), ('{"a":', "1", "}")))
        deep = opened * depth + inner + closed * depth
        body = json.dumps(EVENT).replace('"app_home_opened"', deep).encode()
        if self._draw.random() < 0.5:
            return self._signed("deep", urlencode({"payload": body.decode()}).encode(), FORM, TAKEN_OR_REFUSED | {413})
        return self._signed("deep", body, JSON, TAKEN_OR_REFUSED | {413})

    def _large(self) -> Fuzzed:
        size = self._draw.choice((70_000, MAX_BODY_BYTES - 2000, MAX_BODY_BYTES, MAX_BODY_BYTES + 1))
        filler = self._draw.choice((b"a", b"a ", b"&a=b", b"%41", b'"', b"--", b"\xff"))
        begin = urlencode(self._command(f"{self._draw.choice([*COMMANDS])} ")).encode()
        text = b"&text=status+" + filler * (size // len(filler))
        return self._signed("large", (begin + text)[:size], FORM, TAKEN_OR_REFUSED | {413})

    def _replay(self) -> Fuzzed:
        """The same bytes again, as after a time-out; Slack's own retries have a new signature, and the same ids."""
        return self._draw.choice(self._sent) if self._sent else self._sentence()

    def _unsigned(self) -> Fuzzed:
        """A sound command with an old or early time, another secret or body, or signature headers of any shape."""
        body = urlencode(self._command("status")).encode()
        now = int(time.time())
        other = SignatureVerifier("somebody else's")
        forged = str(other.generate_signature(timestamp=str(now), body=body))
        sound = self._signature(str(now), body)
        old = str(now - 301 - self._draw.randrange(10**6))
        early = str(now + 600)
        timestamp, signature = self._draw.choice(
            (
                *((old, self._signature(old, body)), (early, self._signature(early, body)), (str(now), forged)),
                *((str(now), self._signature(str(now), body + b"x")), ("", ""), (str(now), ""), ("", sound)),
                *(("1_0", sound), ("9" * 400, sound), (str(now), "v0=" + "é" * 64), (f"{now}.0", sound)),
                *((str(now), sound.upper()), (str(now), sound[:-1]), ("-1", sound), (f" {now} x", sound)),
            )
        )
        return Fuzzed("unsigned", _http(body, FORM, timestamp, signature), REFUSED)

    def _broken_http(self) -> Fuzzed:
        draw = self._draw
        sound = self._sentence().sent
        head, _, body = sound.partition(b"\r\n\r\n")
        length = f"Content-Length: {len(body)}".encode()
        other = (b"Content-Length: -1", b"Content-Length: 0x10", b"Content-Length: 9999999999", b"X: y")
        method, path = draw.choice((b"GET", b"PUT", b"BREW", b"")), draw.choice((b"/", b"/../x", b"*", b"/\xff%00"))
        broken = draw.choice(
            (
                head.replace(length, draw.choice(other)) + b"\r\n\r\n",
                head.replace(length, b"Transfer-Encoding: chunked") + b"\r\n\r\nzz\r\nx\r\n0\r\n\r\n",
                head.replace(length, b"Transfer-Encoding: gzip") + b"\r\n\r\n" + body,
                head.replace(b"HTTP/1.1", b"HTTP/9.9") + b"\r\n\r\n" + body,
                head.replace(b"POST", method, 1) + b"\r\n\r\n" + body,
                head.replace(b"/slack/events", path) + b"\r\n\r\n" + body,
                b"GET /metrics HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\n\r\n",
                head + b"\r\nX: " + b"y" * 20_000 + b"\r\n\r\n" + body,
                head + b"\r\nbad header\x00\r\n: x\r\n\r\n" + body,
                draw.randbytes(draw.randrange(1, 200)) + b"\r\n\r\n",
                b"\r\n" * 50,
            )
        )
        return Fuzzed("broken HTTP", broken, BROKEN_HTTP, may_close=True)

    def _signed(self, kind: str, body: bytes, content: str, allowed: Collection[int]) -> Fuzzed:
        now = str(int(time.time()))
        return Fuzzed(kind, _http(body, content, now, self._signature(now, body)), allowed)

    def _signature(self, timestamp: str, body: bytes) -> str:
        try:
            return str(self._verifier.generate_signature(timestamp=timestamp, body=body))
        except UnicodeDecodeError:  # Slack cannot sign it either
            return "v0=" + "0" * 64


def sound_request(command: str, secret: str, response_url: str) -> bytes:
    """Return a signed command of Ada's in the channel of prod."""
    body = urlencode({**COMMAND, "text": command, "response_url": response_url}).encode()
    now = str(int(time.time()))
    signature = str(SignatureVerifier(secret).generate_signature(timestamp=now, body=body))
    return _http(body, FORM, now, signature)


def _as_payload(payload: dict[str, Any]) -> bytes:
    return urlencode({"payload": json.dumps(payload)}).encode()


def _http(body: bytes, content: str, timestamp: str, signature: str) -> bytes:
    head = (
        f"POST /slack/events HTTP/1.1\r\nHost: fuzz\r\nContent-Type: {content}\r\nContent-Length: {len(body)}\r\n"
        f"X-Slack-Request-Timestamp: {timestamp}\r\nX-Slack-Signature: {signature}\r\n\r\n"
    )
    return head.encode() + body
