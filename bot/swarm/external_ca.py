"""Docker's way of writing an external CA: ``protocol=cfssl,url=https://…,cacert=PATH``."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.errors import NotUnderstood
from bot.slack.blocks import tick

USAGE = "Write `--external-ca protocol=cfssl,url=https://ca.example:8888/api/v1/cfssl/sign,cacert=/path/ca.pem`."


@dataclass(frozen=True, slots=True)
class ExternalCa:
    """A CFSSL server's signing URL, and where on the host the CA's own certificate lies."""

    url: str
    cacert_path: str


def read_external_ca(text: str) -> ExternalCa:
    """Take the option apart; NotUnderstood says which part is wrong.

    Without ``cacert`` Docker makes a cluster that no node can join ("x509: unknown authority", measured on 20.10), so
    it is asked for here.
    """
    parts = dict(part.partition("=")[::2] for part in text.split(",") if part)
    if unknown := parts.keys() - {"protocol", "url", "cacert"}:
        raise NotUnderstood(f"`--external-ca` knows no {tick(min(unknown))}.", next_step=USAGE)
    if parts.get("protocol", "cfssl") != "cfssl":
        raise NotUnderstood(
            f"Docker knows no CA protocol {tick(parts['protocol'])}; it knows `cfssl`.", next_step=USAGE
        )
    url = urlsplit(parts.get("url", ""))
    if url.scheme != "https" or not url.hostname:
        raise NotUnderstood(f"{tick(parts.get('url', ''))} is no https URL of a CA.", next_step=USAGE)
    if not parts.get("cacert", "").startswith("/"):
        raise NotUnderstood(
            "`--external-ca` needs `cacert=`, the path of the CA's certificate on the host.", next_step=USAGE
        )
    return ExternalCa(parts["url"], parts["cacert"])
