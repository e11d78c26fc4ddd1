"""What of a service's spec is shown: nothing that looks like a secret, wherever it is written."""

from __future__ import annotations
