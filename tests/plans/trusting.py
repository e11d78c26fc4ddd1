"""Root certificates for cases: managers made ``own``, an external CA made ``corporate``.

``young`` is one that managers made just now: it begins 500 s before the cases' time.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from bot.model import TlsInfo
from bot.swarm.reading.certificates import public_key_of

FOLDER: Final = Path(__file__).parent / "pem"


def tls(root: str, issuer: str) -> TlsInfo:
    """Return the TLS info for the root of that name and its issuer; by default the issuer is the root."""
    return TlsInfo(pem(root), public_key_of(pem(issuer or root))) if root else TlsInfo()


def pem(name: str) -> str:
    """Return the certificate of that name; ``name`` itself if there is none."""
    path = FOLDER / f"{name}.pem"
    return path.read_text() if path.exists() else name
