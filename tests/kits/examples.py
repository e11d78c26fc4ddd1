"""How many examples a property test runs: all, or a tenth in ``make check`` (SWARMBOT_EXAMPLES=few)."""

from __future__ import annotations

import os
from typing import Final

FEW: Final = os.environ.get("SWARMBOT_EXAMPLES") == "few"


def examples(whole: int) -> int:
    """Return ``whole``, or a tenth of it and at least 5 where few are wanted."""
    return max(5, whole // 10) if FEW else whole
