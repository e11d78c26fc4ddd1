"""``python -m bench``: run every benchmark and print its results."""

from __future__ import annotations

from bench import acks, deploys, services

if __name__ == "__main__":
    acks.main()
    services.main()
    deploys.main()
