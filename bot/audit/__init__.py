"""The hash-chained log of every request, refusal, step and end."""

from bot.audit.chain import Verdict
from bot.audit.entry import Entry, Head, Stored
from bot.audit.log import Audit

__all__ = ["Audit", "Entry", "Head", "Stored", "Verdict"]
