"""Pure builders of Slack's Block Kit that keep its limits.

Texts are Slack mrkdwn; text from outside must go through :func:`plain_line`, :func:`quoted`, :func:`tick`,
:func:`user` or :func:`channel` first. A builder does not fail on long input: it cuts it and says how much is left out.
"""

from bot.blocks.elements import (
    actions,
    button,
    code,
    context,
    divider,
    fields,
    header,
    paragraphs,
    section,
    text_message,
)
from bot.blocks.failure import ended_sentence, error_message
from bot.blocks.message import Block, Message, fit
from bot.blocks.progress import DONE, FAILED, RUNNING, WAITING, WARNING, Line, Sign, is_shown_whole, progress
from bot.blocks.table import data_table, long_table, table
from bot.text.mrkdwn import channel, cut_short, echo, escape, order_text, plain_line, quoted, tick, user, when

__all__ = [
    "DONE",
    "FAILED",
    "RUNNING",
    "WAITING",
    "WARNING",
    "Block",
    "Line",
    "Message",
    "Sign",
    "actions",
    "button",
    "channel",
    "code",
    "context",
    "cut_short",
    "data_table",
    "divider",
    "echo",
    "ended_sentence",
    "error_message",
    "escape",
    "fields",
    "fit",
    "header",
    "is_shown_whole",
    "long_table",
    "order_text",
    "paragraphs",
    "plain_line",
    "progress",
    "quoted",
    "section",
    "table",
    "text_message",
    "tick",
    "user",
    "when",
]
