"""Messages of engines, without the parts that only programs read."""

from __future__ import annotations

import re
from typing import Final

_GRPC: Final = re.compile(r"rpc error: code = \w+ desc = ")


def without_grpc(message: str) -> str:
    """Return an engine's message without the prefixes of gRPC: "rpc error: code = Unknown desc = …"."""
    return _GRPC.sub("", message) or message
