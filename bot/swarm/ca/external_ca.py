"""Docker's way of writing an external CA: ``protocol=cfssl,url=https://…,cacert=PATH``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.blocks import tick
from bot.errors import NotUnderstood

USAGE_OF_HOST = (
    "Write `--external-ca protocol=cfssl,url=https://ca.example:8888/api/v1/cfssl/sign,cacert=HOST:/path/ca.pem`."
)
USAGE = "Write `--external-ca protocol=cfssl,url=https://ca.example:8888/api/v1/cfssl/sign,cacert=/path/ca.pem`."


@dataclass(frozen=True, slots=True)
class ExternalCa:
    """A CFSSL server's signing URL, and where the CA's own certificate lies."""

    url: str
    cacert_path: str
    host: str

    @property
    def location(self) -> tuple[str, str]:
        """Host and path of the CA's certificate, as ``FactsQuery.ca_files`` has them."""
        return self.host, self.cacert_path


def read_external_ca(text: str, host: str) -> ExternalCa:
    """Take the option apart, for a command that names ``host``; NotUnderstood says which part is wrong.

    Without ``cacert`` Docker makes a cluster that no node can join ("x509: unknown authority", measured on 20.10), so
    it is asked for here.
    """
    url, cacert = _parts(text, USAGE)
    if not cacert.startswith("/"):
        raise NotUnderstood(
            "`--external-ca` needs `cacert=`, the path of the CA's certificate on the host.", next_step=USAGE
        )
    return ExternalCa(url, cacert, host)


def read_external_ca_on_host(text: str, hosts: Collection[str] | None = None) -> ExternalCa:
    """As :func:`read_external_ca`, for a command that names no host otherwise: ``cacert=HOST:PATH``.

    With ``hosts`` the host must be among them.
    """
    url, cacert = _parts(text, USAGE_OF_HOST)
    host, _, path = cacert.partition(":")
    if not host or not path.startswith("/"):
        raise NotUnderstood(
            "`--external-ca` needs `cacert=`, a host and the path of the CA's certificate there.",
            next_step=USAGE_OF_HOST,
        )
    if hosts is not None and host not in hosts:
        raise NotUnderstood(f"{tick(host)} of `cacert=` is no host here.", next_step="`/swarm hosts` lists them.")
    return ExternalCa(url, path, host)


def _parts(text: str, usage: str) -> tuple[str, str]:
    parts = dict(part.partition("=")[::2] for part in text.split(",") if part)
    if unknown := parts.keys() - {"protocol", "url", "cacert"}:
        raise NotUnderstood(f"`--external-ca` knows no {tick(min(unknown))}.", next_step=usage)
    if parts.get("protocol", "cfssl") != "cfssl":
        raise NotUnderstood(
            f"Docker knows no CA protocol {tick(parts['protocol'])}; it knows `cfssl`.", next_step=usage
        )
    url = urlsplit(parts.get("url", ""))
    if url.scheme != "https" or not url.hostname:
        raise NotUnderstood(f"{tick(parts.get('url', ''))} is no https URL of a CA.", next_step=usage)
    return parts["url"], parts.get("cacert", "")
