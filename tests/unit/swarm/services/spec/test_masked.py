"""What of a service's spec is shown: nothing that looks like a secret, wherever it is written."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.swarm.services.spec.masked import masked_mapping, masked_pairs, masked_text, masked_words
from tests.kits.examples import examples, long_chars

SECRET: Final = "s3cr3tValue"  # noqa: S105 - it is what must not be shown


@pytest.mark.parametrize(
    "words",
    [
        ["--password", SECRET],
        [f"--db-password={SECRET}"],
        ["run", "--api-key", SECRET, "plain"],
        ["sh", "-c", f"export DB_PASSWORD={SECRET} && run"],
        ["sh", "-c", f"run --token={SECRET}"],
        ["sh", "-c", f'export DB_PASSWORD="a {SECRET}"; run'],
        ["sh", "-c", f"export DB_PASSWORD='a {SECRET}'; run"],
        ["sh", "-c", f"mysql --user app --password {SECRET}"],
        [f"--password=a,{SECRET}"],
        [f"jdbc:mysql://db/app?user=a&password={SECRET}"],
        [f"-Dspring=db.password={SECRET}"],
        ["--config", f'{{"db": {{"password": "{SECRET}"}}}}'],
        ["--config", f'{{\\"password\\": \\"{SECRET}\\"}}'],
        [f"postgres://app:{SECRET}@db/app"],
        [f"addr=10.0.0.9,password={SECRET}"],
        [f'{{"password": "x", "url": "https://a:{SECRET}@b"}}'],
    ],
)
def test_a_commands_secrets_are_masked(words: list[str]) -> None:
    """As a word after its flag, in an assignment, in a URL."""
    shown = " ".join(masked_words(words))
    assert SECRET not in shown
    assert "***" in shown


def test_what_is_no_secret_is_shown() -> None:
    """Flags without a value, paths of secret files, and names alone."""
    words = ["--token-file", "/run/secrets/t", "--token", "--verbose", "the password is wrong", "a=b=c", "x:y"]
    assert masked_words(words) == words
    assert masked_pairs(["DB_PASSWORD_FILE=/run/secrets/db", "MODE=fast", "TOKEN"]) == [
        *("DB_PASSWORD_FILE=/run/secrets/db", "MODE=fast", "TOKEN"),
    ]
    assert masked_mapping({"traefik.port": "80", "api.key": SECRET}) == ["traefik.port=80", "api.key=***"]


@pytest.mark.parametrize("part", ["a", "-", " ", '"', "a ", "a=", "a: ", "password=", "-password ", "a-", "a--b"])
def test_a_long_text_is_searched_once(part: str) -> None:
    """A value may hold a whole certificate: this must not take time that grows with the square of its length."""
    parts = long_chars() // len(part)
    assert masked_text(part * parts).count("***") <= parts


@settings(max_examples=examples(100), deadline=None)
@given(st.text(min_size=1).filter(lambda text: "\x00" not in text))
def test_no_value_of_a_secret_variable_is_shown(value: str) -> None:
    """Whatever is in it."""
    assert masked_pairs([f"DB_PASSWORD={value}"]) == ["DB_PASSWORD=***"]
