"""Removes one fleet: run by the shell that waited for the fleet's owner to end."""

from __future__ import annotations

import sys

from sandbox.fleet.slots import Claim, release

if __name__ == "__main__":
    release(Claim.model_validate_json(sys.argv[1]))
