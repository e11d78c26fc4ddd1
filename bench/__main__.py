"""``python -m bench``: run every benchmark and print its table."""

from __future__ import annotations

from bench import acks

if __name__ == "__main__":
    acks.main()
