"""Parse the option of an external CA as Docker writes it: ``protocol=cfssl,url=https://…,cacert=PATH``."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.blocks import echo, tick
from bot.errors import NotUnderstood

USAGE_WITH_HOST = (
    "Write `--external-ca protocol=cfssl,url=https://ca.example:8888/api/v1/cfssl/sign,cacert=HOST:/path/ca.pem`."
)
USAGE = "Write `--external-ca protocol=cfssl,url=https://ca.example:8888/api/v1/cfssl/sign,cacert=/path/ca.pem`."


@dataclass(frozen=True, slots=True)
class ExternalCa:
    """An external CA: a CFSSL server."""

    url: str
    """Its signing URL."""
    cacert_path: str
    """The path of its certificate on ``host``."""
    host: str

    @property
    def location(self) -> tuple[str, str]:
        """Return host and path of the certificate, as in ``FactsQuery.ca_files``."""
        return self.host, self.cacert_path


def read_external_ca(text: str, host: str) -> ExternalCa:
    """Parse the option of a command that names ``host``. Raise NotUnderstood with the part that is not valid.

    ``cacert`` is required: without it Docker makes a cluster that no node can join ("x509: unknown authority",
    measured on 20.10).
    """
    url, cacert = _parts(text, USAGE)
    if not cacert.startswith("/"):
        raise NotUnderstood(
            "`--external-ca` needs `cacert=`: the path of the CA's certificate on the host.", next_step=USAGE
        )
    return ExternalCa(url, cacert, host)


def read_external_ca_on_host(text: str, hosts: Collection[str] | None = None) -> ExternalCa:
    """Parse the option of a command that names no host: ``cacert=HOST:PATH``. The host must be one of ``hosts``."""
    url, cacert = _parts(text, USAGE_WITH_HOST)
    host, _, path = cacert.partition(":")
    if not host or not path.startswith("/"):
        raise NotUnderstood(
            "`--external-ca` needs `cacert=`: a host and the path of the CA's certificate there.",
            next_step=USAGE_WITH_HOST,
        )
    if hosts is not None and host not in hosts:
        raise NotUnderstood(
            f"{tick(host)} in `cacert=` is not a host of this cluster.", next_step="`/swarm hosts` lists them."
        )
    return ExternalCa(url, path, host)


def _parts(text: str, usage: str) -> tuple[str, str]:
    parts = dict(part.partition("=")[::2] for part in text.split(",") if part)
    if unknown := parts.keys() - {"protocol", "url", "cacert"}:
        raise NotUnderstood(f"{echo(min(unknown))} is unknown in `--external-ca`.", next_step=usage)
    if parts.get("protocol", "cfssl") != "cfssl":
        raise NotUnderstood(
            f"{echo(parts['protocol'])} is not a CA protocol of Docker. Docker supports `cfssl`.", next_step=usage
        )
    url = urlsplit(parts.get("url", ""))
    if url.scheme != "https" or not url.hostname:
        raise NotUnderstood(f"{echo(parts.get('url', ''))} is not an https URL of a CA.", next_step=usage)
    return parts["url"], parts.get("cacert", "")
