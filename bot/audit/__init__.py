"""The audit log: a hash-chained record of every request, refusal, step and result."""

from bot.audit.archive import Archive
from bot.audit.chain import Verification
from bot.audit.entry import Entry, Head, StoredEntry
from bot.audit.filter import ANY, Filter
from bot.audit.log import Audit
from bot.audit.retention import Retention

__all__ = ["ANY", "Archive", "Audit", "Entry", "Filter", "Head", "Retention", "StoredEntry", "Verification"]
