"""The masking of secrets in text and logs."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.secrets import redact

WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=8, max_size=40).map("q{}".format)
SECRETS = st.one_of(
    st.builds("SWMTKN-1-{}-{}".format, WORD, WORD),
    st.builds("SWMKEY-1-{}+/{}=".format, WORD, WORD),
    st.builds("{}-{}-{}".format, st.sampled_from(["xoxb", "xoxp", "xapp", "xoxe"]), WORD, WORD),
    st.builds(
        "-----BEGIN {0}PRIVATE KEY-----\n{1}\n{2}==\n-----END {0}PRIVATE KEY-----".format,
        st.sampled_from(["", "RSA ", "OPENSSH ", "EC ", "ENCRYPTED "]),
        WORD,
        WORD,
    ),
)
QUIET = st.text(st.characters(exclude_characters="-@q", exclude_categories=["Cs"]), max_size=40)


@given(parts=st.lists(st.tuples(QUIET, SECRETS), min_size=1, max_size=4), tail=QUIET)
def test_all_secrets_are_masked(parts: list[tuple[str, str]], tail: str) -> None:
    """Nothing of a secret remains (each has a q, the text around it none); masking again changes nothing."""
    text = "".join(f"{before} {secret} " for before, secret in parts) + tail
    masked = redact.redact(text)
    assert "q" not in masked
    assert redact.redact(masked) == masked


@given(parts=st.lists(st.tuples(QUIET, SECRETS), min_size=1, max_size=4), pem_end=st.booleans())
def test_json_stays_valid(parts: list[tuple[str, str]], *, pem_end: bool) -> None:
    """Masking JSON text keeps the keys, and each value without its secret."""
    values = {f"key {n}": (before + " " + secret) for n, (before, secret) in enumerate(parts)}
    if not pem_end:
        values["cut"] = "-----BEGIN PRIVATE KEY-----\nMIIabc"
    masked = json.loads(redact.redact(json.dumps(values)))
    assert list(masked) == list(values)
    assert not any(secret in str(masked) for _, secret in parts)
    assert "MIIabc" not in str(masked)


@given(QUIET)
def test_other_text_is_unchanged(text: str) -> None:
    """Text without a secret is not changed."""
    assert redact.redact(text) == text


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("rediss://bot:hunter2@redis:6379/0", "rediss://***@redis:6379/0"),
        ("join with `SWMTKN-1-a-b` now", "join with `***` now"),
        ("swmtkn-1-a-b", "***"),
        ("https://example.com/a:b@c", "https://example.com/a:b@c"),
    ],
)
def test_examples(text: str, masked: str) -> None:
    """The mask replaces the secret and nothing else."""
    assert redact.redact(text) == masked


BY_FORM = [
    "SWMTKN-1-abc-def",
    "swmkey-1-abc",
    "xoxb-123-abc",
    "XOXE-1-abc",
    "xapp-1-abc",
    "-----BEGIN EC PRIVATE KEY-----\nMIIabc\n-----END EC PRIVATE KEY-----",
    "AKIA0123456789ABCDEF",
    "ASIA0123456789ABCDEF",
    *(f"gh{kind}_{'a1' * 12}" for kind in "pousr"),
    f"github_pat_{'a1' * 12}",
    f"glpat-{'a1' * 12}",
    *(f"{kind}k_{use}_{'a1' * 6}" for kind in "sr" for use in ("live", "test")),
    f"AIza{'a1' * 16}",
    f"SG.{'a1' * 9}.{'b2' * 9}",
    "eyJhbGciOi.eyJzdWIi.c2ln",
    "$2b$12$abcdefghijkl",
    "$$apr1$$abcdefghijkl",
    "$argon2id$v=19$abcdef",
]


@pytest.mark.parametrize("secret", BY_FORM)
def test_each_form_is_masked(secret: str) -> None:
    """Alone, and between other words."""
    assert redact.redact(secret) == "***"
    assert redact.redact(f"say {secret} now, and {secret}") == "say *** now, and ***"


@pytest.mark.parametrize(
    ("kept", "secret"),
    [
        ("https://hooks.slack.com/services/", "T1/B1/abc"),
        ("https://hooks.slack-gov.com/workflows/", "T1/abc"),
        ("https://hooks.slack.com/triggers/", "T1/abc"),
        ("https://discord.com/api/webhooks/", "1/abc"),
        ("https://discordapp.com/api/v10/webhooks/", "1/abc"),
        ("https://x.webhook.office.com/webhookb2/", "abc@def/abc"),
        ("https://api.telegram.org/bot", "1:abc"),
        ("Authorization: Bearer ", "abc123"),
        ("BEARER ", "abcdefghijklmnopqrstuvwxyz"),
        ("redis://", "bot:hunter2"),
    ],
)
def test_of_some_the_start_is_kept(kept: str, secret: str) -> None:
    """What says whose secret it is."""
    end = "@redis:6379" if kept == "redis://" else " now"
    assert redact.redact(f"say {kept}{secret}{end}") == f"say {kept}***{end}"


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Return what an existing handler writes, with masking on."""
    out = io.StringIO()
    handler = logging.StreamHandler(out)
    logging.getLogger().addHandler(handler)
    before = logging.getLogRecordFactory()
    redact.install()
    yield out
    logging.setLogRecordFactory(before)
    logging.getLogger().removeHandler(handler)


def test_logs_are_masked(logged: io.StringIO) -> None:
    """Arguments, tracebacks and stacks of any logger are masked; the text around them stays."""
    log = logging.getLogger("some.library")
    token = "SWMTKN-1-abcdefgh-ijklmnop"  # noqa: S105 - made up
    log.error("joining with %s failed", token)
    try:
        int(token)
    except ValueError:
        log.exception("trace", stack_info=True)
    text = logged.getvalue()
    assert "joining with *** failed" in text
    assert "ValueError: invalid literal" in text
    assert "SWMTKN" not in text
