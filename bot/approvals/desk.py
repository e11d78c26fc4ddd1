"""Where people say yes or no. Who may is judged on what Slack says now; what counts is decided in Redis."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from bot.approvals.approval import Approval
from bot.approvals.rule import approvers, groups_of, rule_for
from bot.approvals.store import Approvals
from bot.audit import Audit, Entry
from bot.config import Config
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.jobs.queue import Queue
from bot.people import Directory
from bot.plan.basis import short
from bot.slack.blocks import tick, user

TRIES: Final = 50
FRESH: Final = 3.0
"""Seconds that Slack's word on who is in a group is good for when somebody votes."""

Proof = Callable[[str, str], None]
"""Checks a person's second factor by its code; raises Refused."""


class WrongCode(Refused):
    """The second factor was not right; another one may be tried."""


class Desk:
    """Takes votes. Safe to share between threads. What is returned is told to the voter alone."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        approvals: Approvals,
        audit: Audit,
        directory: Directory,
        prove: Proof,
    ) -> None:
        self._config = config
        self._queue = queue
        self._approvals = approvals
        self._audit = audit
        self._directory = directory
        self._prove = prove

    def look(self, job_id: str, voter: str) -> Approval:
        """The open question that ``voter`` may answer; Refused (and audited) when it has ended or the voter may not."""
        approval = self._approvals.get(job_id)
        if approval is None:
            raise NotUnderstood(f"There is no approval {tick(job_id)}.", next_step="`/swarm approvals` lists them.")
        try:
            self._judge(approval, voter)
        except Refused as error:
            self._audit.append([_entry(approval, voter, "vote refused", error.happened)])
            raise
        return approval

    def approve(self, job_id: str, voter: str, code: str) -> str:
        """Say yes; ``code`` is the second factor where the rule asks for one. It is looked at once, and last."""
        proved = False
        for _ in range(TRIES):
            approval = self.look(job_id, voter)
            if approval.ask.second_factor and not proved:
                self._check(approval, voter, code)
                proved = True
            word = self._vote(approval, voter)
            if word != "changed":
                return word
        raise Unavailable(
            "Too many people vote at once.", true_now="Your vote does not count yet.", next_step="Try again."
        )

    def deny(self, job_id: str, voter: str, why: str) -> str:
        """Say no: one is enough."""
        approval = self.look(job_id, voter)
        entry = _entry(approval, voter, "denied", why or "no reason given")
        self._ended(approval, self._approvals.end(job_id, "denied", voter, why, [entry]))
        return f"You denied {tick(job_id)}. {user(approval.ask.requester)} is told. Nothing was changed."

    def withdraw(self, job_id: str, person: str) -> str:
        """Take one's own question back."""
        approval = self._approvals.get(job_id)
        if approval is None:
            raise NotUnderstood(f"There is no approval {tick(job_id)}.", next_step="`/swarm approvals` lists them.")
        if approval.ask.requester != person:
            self._audit.append([_entry(approval, person, "vote refused", "withdrawing is for who asked")])
            raise Refused(
                f"only {user(approval.ask.requester)} can withdraw this.", next_step="Press Deny if you are against it."
            )
        self._ended(approval, self._take_back(approval, person))
        return f"You withdrew {tick(job_id)}. Nothing was changed."

    def cancel(self, job_id: str, person: str) -> bool:
        """End an open question because its job is cancelled; False when there is none."""
        approval = self._approvals.get(job_id)
        if approval is None or not approval.open:
            self._approvals.show_again(job_id)
            return False
        return self._take_back(approval, person) == "ok"

    def _take_back(self, approval: Approval, person: str) -> str:
        entry = _entry(approval, person, "withdrawn", "")
        return self._approvals.end(approval.id, "withdrawn", person, f"Withdrawn by {user(person)}.", [entry])

    def _judge(self, approval: Approval, voter: str) -> None:
        self._ended(approval, "ok" if approval.open else "ended")
        ask = approval.ask
        if voter == ask.requester:
            raise Refused("nobody approves or denies their own request.", next_step="Withdraw takes it back.")
        if voter not in self._approvers(approval):
            raise Refused(
                f"this is for {' or '.join(f'@{name}' for name in ask.by)} to decide, and you are not among them.",
                next_step="Ask one of them, or see `/swarm whoami`.",
            )
        if any(vote.by == voter for vote in approval.votes):
            raise Refused("you said yes before; one person counts once.", next_step=f"`/swarm approvals {ask.job}`")

    def _vote(self, approval: Approval, voter: str) -> str:
        ask = approval.ask
        job = self._queue.get(approval.id)
        if job is None:
            raise NotUnderstood(f"There is no job {tick(approval.id)}.", next_step="`/swarm jobs` lists the newest.")
        right = self._approvers(approval)
        still = [vote.by for vote in approval.votes if vote.by in right]
        count = len(still) + 1
        entries = [_entry(approval, voter, "approved by one", f"{count} of {ask.needed}, plan {short(ask.digest)}")]
        if count >= ask.needed:
            entries.append(_entry(approval, voter, "approved", f"plan {ask.digest}"))
        match self._approvals.vote(job, approval, voter, still, entries):
            case "changed":
                return "changed"
            case "approved":
                return f"You approved {tick(approval.id)}: it is carried out now."
            case "counted":
                return f"Your yes to {tick(approval.id)} counts: {count} of {ask.needed}."
            case word:
                return self._refused(approval, voter, word)

    def _refused(self, approval: Approval, voter: str, word: str) -> str:
        told = {
            "ended": "it has ended.",
            "late": "its time is over.",
            "own": "nobody approves their own request.",
            "twice": "you said yes before; one person counts once.",
        }[word]
        self._audit.append([_entry(approval, voter, "vote refused", told)])
        raise Refused(told, next_step=f"`/swarm approvals {approval.id}` shows how it stands.")

    def _check(self, approval: Approval, voter: str, code: str) -> None:
        try:
            self._prove(voter, code)
        except Refused as error:
            self._audit.append([_entry(approval, voter, "vote refused", error.happened)])
            raise WrongCode(error.happened, next_step=error.next_step) from None

    def _approvers(self, approval: Approval) -> frozenset[str]:
        """Who may decide now, the requester included. Unavailable when Slack does not say: never a guess."""
        ask = approval.ask
        rule = rule_for(self._config, ask.cluster, ask.subject, ask.needed)
        return approvers(self._config, rule, self._directory.members(groups_of(self._config, [rule]), max_age=FRESH))

    @staticmethod
    def _ended(approval: Approval, word: str) -> None:
        if word == "ok":
            return
        told = "its time is over" if word == "late" else f"it is {approval.standing} already"
        if word == "ended" and approval.open:
            told = "it has ended meanwhile"
        raise Refused(f"{told}.", next_step=f"`/swarm approvals {approval.id}` shows how it ended.")


def _entry(approval: Approval, by: str, action: str, detail: str) -> Entry:
    ask = approval.ask
    return Entry(
        action=action,
        by=by,
        cluster=ask.cluster,
        channel=ask.channel,
        command=ask.words.partition(" ")[0],
        words=ask.words,
        job=ask.job,
        detail=detail,
    )
