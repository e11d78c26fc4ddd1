"""Which webhooks swarmbot.yml and the environment name."""

from __future__ import annotations

from typing import Any

import pytest

from bot.config import Config
from bot.errors import Misconfigured
from bot.webhooks.targets import PAGERDUTY_URL, targets

PAGER = {"kind": "pagerduty", "key": "${PAGER_KEY}"}


def config(**webhooks: Any) -> Config:
    """A file with these webhooks and two clusters."""
    cluster = {"hosts": {"host-1": {"address": "192.0.2.1"}}}
    clusters = {"prod": {**cluster, "channel": "C0PROD"}, "lab": {**cluster, "channel": "C0LAB"}}
    return Config.model_validate({"clusters": clusters, "watch": {"webhooks": webhooks}})


def test_variables_are_put_in_and_shown_nowhere() -> None:
    """Neither the file's text nor its value is in what is printed."""
    settings = config(pager=PAGER, chat={"url": "https://x.example/${PATH_TOKEN}/${PATH_TOKEN}", "clusters": ["lab"]})
    pager, chat = targets(settings, {"PAGER_KEY": "rk-1", "PATH_TOKEN": "t0p"})
    assert (pager.url.reveal(), pager.key and pager.key.reveal()) == (PAGERDUTY_URL, "rk-1")
    assert (pager.severities, [*pager.clusters]) == (("critical", "warning"), ["prod", "lab"])
    assert (chat.url.reveal(), chat.key, chat.clusters) == ("https://x.example/t0p/t0p", None, ("lab",))
    assert not {"rk-1", "t0p", "PATH_TOKEN"} & set(repr((settings, pager, chat)).replace("'", " ").split())


@pytest.mark.parametrize(
    ("webhook", "environment", "named"),
    [
        (PAGER, {}, "PAGER_KEY is not set"),
        ({"url": "${URL}"}, {"URL": "ftp://hidden"}, "The URL of the webhook `one`"),
        ({"url": "https://"}, {}, "The URL of the webhook `one`"),
    ],
)
def test_what_cannot_be_sent_is_refused_at_the_start(webhook: Any, environment: dict[str, str], named: str) -> None:
    """By the name of the variable or the webhook, without a value."""
    with pytest.raises(Misconfigured, match=named) as raised:
        targets(config(one=webhook), environment)
    assert "hidden" not in str(raised.value)


@pytest.mark.parametrize("wrong", [{"kind": "pagerduty"}, {"url": "https://x.example", "key": "k"}, {"kind": "json"}])
def test_a_key_belongs_to_pagerduty(wrong: Any) -> None:
    """And the others need a URL."""
    with pytest.raises(ValueError, match="must have"):
        config(one=wrong)
