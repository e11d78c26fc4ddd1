"""Removes one fleet after its owner has ended."""

from __future__ import annotations

import sys

from sandbox.fleet.slots import Claim, release

if __name__ == "__main__":
    release(Claim.model_validate_json(sys.argv[1]))
