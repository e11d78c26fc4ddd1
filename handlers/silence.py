"""`/swarm silence`, `/swarm unsilence ID` and `/swarm silences`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated

from bot.blocks import DONE, WARNING, Message, paragraphs, quoted, text_message, tick, user, when
from bot.commands import DURATION, EndSilence, Flag, NoArguments, SilenceSubject, Word, control, record, text
from bot.model.incident import ALL_SUBJECTS, Silence
from bot.model.records import Records, RecordsQuery
from bot.text.suggest import number_of

SUBJECT = replace(text("NODE|SERVICE|all"), names="subjects")


@dataclass(frozen=True, slots=True)
class SilenceArguments:
    """The arguments of ``silence``."""

    subject: Annotated[str, Word(SUBJECT, "whose incidents are not reported; `all`: of the whole cluster")]
    for_: Annotated[float, Flag(DURATION, "for how long, `1m` to `30d`", suggested="2h")]
    reason: Annotated[str, Flag(text("TEXT"), "why; shown in the channel")]


@dataclass(frozen=True, slots=True)
class UnsilenceArguments:
    """The arguments of ``unsilence``."""

    id: Annotated[str, Word(text("ID"), "the silence's id, as `silences` shows it")]


@control(
    "silence",
    has_form=True,
    group="Watch",
    help="Keep the incidents of a node, a service or all quiet for a time",
    example='silence host-3 --for 2h --reason "new disks"',
    permission="operate",
    risk="reversible",
    approval=0,
)
def silence(arguments: SilenceArguments) -> SilenceSubject:
    """Return the order; the gate, which has a clock, executes it."""
    return SilenceSubject(arguments.subject, arguments.for_, arguments.reason)


@control(
    "unsilence",
    group="Watch",
    help="End a silence: incidents are reported again",
    example="unsilence 3f2a",
    permission="operate",
    risk="reversible",
    approval=0,
)
def unsilence(arguments: UnsilenceArguments) -> EndSilence:
    """Return the order; the gate executes it."""
    return EndSilence(arguments.id)


@record(
    "silences",
    group="Watch",
    help="List the silences that have not ended",
    example="silences",
    permission="view",
    risk="none",
    approval=0,
    query=lambda _: RecordsQuery(silences=True),
)
def silences(records: Records, _: NoArguments) -> Message:
    """Return a line for each silence, the oldest first."""
    if not records.silences:
        return text_message(f"{DONE} *Nothing is silenced in {records.cluster}.*")
    title = f"{number_of(len(records.silences), 'silence')} in {records.cluster}"
    lines = [f"*{title}*", *map(_line, records.silences)]
    which = "it" if len(records.silences) == 1 else "the first one"
    lines.append(f"Next: `/swarm unsilence {records.silences[0].id}` ends {which}.")
    return Message(title, tuple(paragraphs(lines)))


def _line(silence: Silence) -> str:
    subject = "all incidents" if silence.subject == ALL_SUBJECTS else f"incidents of {tick(silence.subject)}"
    until = f"until {when(silence.until)} by {user(silence.by)}"
    return f"{WARNING} {tick(silence.id)} {subject} {until}: {quoted(silence.reason)}"
