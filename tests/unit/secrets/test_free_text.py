"""Secrets in free text: any secret is hidden after words that announce one."""

from __future__ import annotations

from string import ascii_letters, digits
from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.secrets.redact import redact
from bot.secrets.secret_names import masked_line
from bot.swarm.services.spec.masked import masked_pairs, masked_text, masked_words
from tests.kits.examples import examples, long_chars

WORDS: Final = st.text(ascii_letters + digits, min_size=16, max_size=40).map("q7{}".format)
"""Secrets. No template and no word around them has ``q7``."""
TEMPLATES: Final = (
    "Authorization: Bearer {}",
    "authorization: Basic {}==",
    '{{"Authorization": "Bearer {}"}}',
    '{{\\"authorization\\":\\"token {}\\"}}',
    "Proxy-Authorization: {}",
    "Authorization:[Bearer {}]",
    'Authorization: Digest username="a", response="{}"',
    "got bearer {} from the client",
    "X-Api-Key: {}",
    "Set-Cookie: a=b; sid={}; Path=/",
    "session eyJhbGciOiJI.{}.{}",
    "mysql -u root -p{}",
    "mysqldump -h db -p {} app",
    "/usr/bin/mariadb-admin -uroot -p'{}' ping",
    "sshpass -p {} ssh host",
    "redis-cli -h db -a {} ping",
    "curl -s -u admin:{} https://db",
    "POST https://hooks.slack.com/services/T000/B000/{}",
    "POST https://discord.com/api/webhooks/1234/{}",
    "https://api.telegram.org/bot12345:{}/getMe",
    "admin:$2y$05${}",
    "admin:$apr1$abc${}",
    "the password is {}",
    "Password is: '{}'",
    "the api key was {}",
    "password for root is {}",
    "password for user root: {}",
    "A temporary password is generated for root@localhost: {}",
    "GENERATED ROOT PASSWORD: {}",
    "apiKey={}",
    "KEY_FILE_CONTENT={}",
)


@pytest.mark.parametrize("template", TEMPLATES)
@settings(max_examples=examples(20), deadline=None)
@given(secret=WORDS, before=st.sampled_from(["", "12:00 INFO ", "ran "]))
def test_no_secret_of_a_text_is_shown(template: str, secret: str, before: str) -> None:
    """Neither in a line of a log nor in a command line or an error of a task."""
    text = before + template.format(*[secret] * template.count("{}"))
    for shown in (masked_line(text), masked_text(text), masked_words([text])[0]):
        assert "q7" not in shown
        assert "***" in shown


@pytest.mark.parametrize(
    "words",
    [
        ["mysql", "-u", "root", "-pq7"],
        ["/usr/bin/mysqldump", "-p", "q7"],
        ["-p", "q7"],
        ["tool", "-p", "q7"],
        ["curl", "-H", "Authorization: Bearer q7abcdefg"],
    ],
)
def test_no_password_among_the_words_of_a_command(words: list[str]) -> None:
    """After an option without a long name."""
    assert "q7" not in " ".join(masked_words(words))


@pytest.mark.parametrize(
    "text",
    [
        "the password is wrong",
        "token is expired, the secret is not mounted",
        "password authentication failed for user bob",
        "bearer authentication failed",
        "authorization failed for bob",
        "mysql --port 3306 -P 3306",
        "cost is $5 or $1",
        "https://hooks.slack.com/commands/T0/1/abc",
        "keyboard=us monkey: yes passenger=1",
        "mkdir -p data",
    ],
)
def test_ordinary_text_is_shown(text: str) -> None:
    """What only speaks of secrets."""
    assert masked_line(text) == masked_text(text) == text


def test_ordinary_options_are_shown() -> None:
    """The `-p` of a port, a path or a program that is known to take none."""
    for line in ("mkdir -p data", "web -p 8080:80/tcp", "web -p /run/x.pid", "mysql --port 1"):
        assert " ".join(masked_words(line.split())) == line
    assert masked_pairs(["KEYBOARD=us", "MONKEY=1"]) == ["KEYBOARD=us", "MONKEY=1"]


LONG: Final = (
    *("eyJ-eyJ", "-eyJ.", "SG.", "://a:", "-----BEGIN PRIVATE KEY-----;", "$2y$05$", "bearer ", "authorization: "),
    *("mysql ", "mysql -p ", "curl -u a", "redis-cli -a", "password is ", "password for ", "token of a ", "cookie:"),
    *('\\"', "a=", "a:'", " "),
)


@pytest.mark.parametrize("part", LONG)
def test_a_long_text_takes_bounded_time(part: str) -> None:
    """Time that grew with the square of the length would not end here within minutes."""
    text = part * (long_chars() // len(part))
    redact(text)
    masked_line(text)
    masked_text(text)
