"""What looks like a secret is not shown of a line of a log."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.secrets.secret_names import masked_line, secret_values


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("DB_PASSWORD=hunter2 ok", "DB_PASSWORD=*** ok"),
        ("db_password: hunter2, host: db", "db_password: ***, host: db"),
        ('{"api_key": "a b", "port": 80}', '{"api_key": ***, "port": 80}'),
        ("GET /?token=abc&page=2", "GET /?token=***&page=2"),
        ("SECRET='two words' next", "SECRET=*** next"),
        ("postgres://app:hunter2@db/app", "postgres://***@db/app"),
        ("PASSWORD_FILE=/run/secrets/db", "PASSWORD_FILE=/run/secrets/db"),
        ("port=80 mode: live 12:30:01", "port=80 mode: live 12:30:01"),
        ("connected as swordfish7", "connected as ***"),
    ],
)
def test_masked_line(line: str, shown: str) -> None:
    """By its name, by its form, or because the service's environment has it."""
    assert masked_line(line, ["swordfish7"]) == shown


def test_secret_values_of_an_environment() -> None:
    """The longest first, so that one inside another does not stay; none that is short enough to be part of words."""
    environment = ["MODE=production", "API_KEY=longer-secret", "TOKEN=secret", "PIN_SECRET=1234", "EMPTY_TOKEN="]
    assert secret_values({"Env": environment}) == ["longer-secret", "secret"]
    assert secret_values({}) == []


@given(st.text(max_size=20), st.text(st.characters(categories=["L", "N"]), min_size=6), st.text(max_size=20))
def test_a_known_secret_is_never_shown(before: str, secret: str, after: str) -> None:
    """Wherever it stands in the line."""
    assert secret not in masked_line(f"{before}{secret}{after}", [secret])
