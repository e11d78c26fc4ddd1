"""Which environment values are treated as secrets."""

from __future__ import annotations

import pytest

from bot.secrets.secret_names import looks_secret, names_a_secret


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DB_PASSWORD", "hunter2"),
        ("MYSQL_ROOT_PASSWD", "x"),
        ("pgpass", "x"),
        ("API_KEY", "x"),
        ("APIKEY", "x"),
        ("AWS_SECRET_ACCESS_KEY", "x"),
        ("GITHUB_TOKEN", "x"),
        ("TLS_KEY", "x"),
        ("SENTRY_DSN", "x"),
        ("COOKIE_SALT", "x"),
        ("DATABASE_URL", "postgres://app:hunter2@db/app"),
        ("SLACK", "xoxb-1-2-abc"),
        ("GREETING", "AKIAIOSFODNN7EXAMPLE"),
        ("GREETING", "ghp_" + "a1" * 18),
        ("GREETING", "sk_live_" + "a1" * 12),
        ("GREETING", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.abc"),
        ("DB_PASSWORD_FILE", "hunter2"),
    ],
)
def test_values_that_look_like_a_secret(name: str, value: str) -> None:
    """By the name, or by the value itself."""
    assert looks_secret(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOG_LEVEL", "debug"),
        ("DB_PASSWORD_FILE", "/run/secrets/db"),
        ("DB_PASSWORD", ""),
        ("KEYBOARD", "us"),
        ("PASSENGER_APP_ENV", "production"),
        ("DATABASE_URL", "postgres://db/app"),
        ("COMPASS", "north"),
    ],
)
def test_values_that_do_not(name: str, value: str) -> None:
    """An empty value, and the path of a file with a secret, show nothing."""
    assert not looks_secret(name, value)


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("update web --env DB_PASSWORD=x", True),
        ("update web --env=DB_PASSWORD=x", True),
        ("update web --label 'api-token=x'", True),
        ("update web --env A=xoxb-1-2", True),
        ("update web --env DB_PASSWORD_FILE=/run/secrets/db --image nginx:1.27", False),
        ("label host-2 zone=b", False),
        ("ca --external-ca protocol=cfssl,url=https://ca.example/sign", False),
    ],
)
def test_a_command_that_names_a_secret(text: str, *, secret: bool) -> None:
    """Wherever the pair of name and value stands in it."""
    assert names_a_secret(text) is secret
