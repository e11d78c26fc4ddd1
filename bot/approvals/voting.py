"""Where people say yes or no. Who may is judged on what Slack says now; what counts is decided in Redis."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

from bot.approvals.approval import Approval
from bot.approvals.refusals import refusal
from bot.approvals.repository import ApprovalRepository, Ended
from bot.approvals.rule import approver_groups, approvers, rule_for
from bot.audit import Audit
from bot.blocks import tick, user
from bot.config import Config
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.model.approval_basis import short
from bot.queue.queue import Queue
from bot.usergroups import MembershipUnknown, UserGroups

TRIES: Final = 50
FRESH: Final = 3.0
"""Seconds that Slack's word on who is in a group is good for when somebody votes."""

CodeCheck = Callable[[str, str], None]
"""Checks a person's second factor by its code; raises Refused."""


class WrongCode(Refused):
    """The second factor was not right; another one may be tried."""


class Voting:
    """Takes votes. Safe to share between threads. What is returned is told to the voter alone."""

    def __init__(
        self,
        *,
        config: Config,
        queue: Queue,
        approvals: ApprovalRepository,
        audit: Audit,
        user_groups: UserGroups,
        check_code: CodeCheck,
    ) -> None:
        self._config = config
        self._queue = queue
        self._approvals = approvals
        self._audit = audit
        self._user_groups = user_groups
        self._prove = check_code

    def show(self, job_id: str, voter: str, to: Literal["approve", "deny"]) -> Approval:
        """The open question that ``voter`` may answer so; Refused when it has ended or the voter may not."""
        approval = self._find(job_id)
        with self._refusals_noted(approval, voter):
            self._right(approval, voter)
            if to == "approve":
                _not_twice(approval, voter)
        return approval

    def approve(self, job_id: str, voter: str, code: str) -> str:
        """Say yes; ``code`` is the second factor where the rule asks for one. It is looked at once, and last."""
        proved = False
        for _ in range(TRIES):
            approval = self._find(job_id)
            with self._refusals_noted(approval, voter):
                right = self._right(approval, voter)
                _not_twice(approval, voter)
                if approval.ask.second_factor and not proved:
                    self._check(voter, code)
                    proved = True
                told = self._vote(approval, voter, right)
            if told:
                return told
        raise Unavailable(
            "Too many people vote at once.", true_now="Your vote does not count yet.", next_step="Try again."
        )

    def deny(self, job_id: str, voter: str, why: str) -> str:
        """Say no: one is enough, and who said yes before may have learned better."""
        approval = self._find(job_id)
        entry = approval.ask.audit_entry("denied", voter, why or "no reason given")
        with self._refusals_noted(approval, voter):
            self._right(approval, voter)
            word = self._approvals.end(job_id, "denied", voter, why, [entry])
            if word != "ok":
                raise refusal(approval, word)
        return f"You denied {tick(job_id)}. {user(approval.ask.requester)} is told. Nothing was changed."

    def withdraw(self, job_id: str, person: str) -> str:
        """Take one's own question back."""
        approval = self._find(job_id)
        with self._refusals_noted(approval, person):
            word = self._take_back(approval, person) if approval.ask.requester == person else "not yours"
            if word != "ok":
                raise refusal(approval, word)
        return f"You withdrew {tick(job_id)}. Nothing was changed."

    def cancel(self, job_id: str, person: str) -> bool:
        """End an open question because its job is cancelled; False when there is none."""
        approval = self._approvals.get(job_id)
        if approval is None or not approval.open:
            self._approvals.show_again(job_id)
            return False
        return self._take_back(approval, person) == "ok"

    def _take_back(self, approval: Approval, person: str) -> Ended:
        entry = approval.ask.audit_entry("withdrawn", person, "")
        return self._approvals.end(approval.id, "withdrawn", person, f"Withdrawn by {user(person)}.", [entry])

    def _find(self, job_id: str) -> Approval:
        approval = self._approvals.get(job_id)
        if approval is None:
            raise NotUnderstood(f"There is no approval {tick(job_id)}.", next_step="`/swarm approvals` lists them.")
        return approval

    @contextmanager
    def _refusals_noted(self, approval: Approval, person: str) -> Iterator[None]:
        """Every refusal of a vote, a denial or a withdrawal is written down, whatever the reason: here.

        So is one that could not be judged because Slack was silent; not one for which Redis was.
        """
        try:
            yield
        except (Refused, MembershipUnknown) as error:
            self._audit.append([approval.ask.audit_entry("vote refused", person, error.happened)])
            raise

    def _right(self, approval: Approval, voter: str) -> frozenset[str]:
        """Who may decide now, the requester included; Refused unless ``voter`` may.

        SlackSilent when Slack does not say who is in a group: never a guess.
        """
        ask = approval.ask
        if not approval.open:
            raise refusal(approval, "ended")
        if voter == ask.requester:
            raise refusal(approval, "own")
        rule = rule_for(self._config, ask.cluster, ask.subject, ask.needed)
        members = self._user_groups.members(approver_groups(self._config, [rule]), max_age=FRESH)
        right = approvers(self._config, rule, members)
        if voter not in right:
            raise refusal(approval, "not among")
        return right

    def _vote(self, approval: Approval, voter: str, right: frozenset[str]) -> str:
        """Count the yes and say so; "" when the question changed after ``approval`` was read."""
        ask = approval.ask
        job = self._queue.get(approval.id)
        if job is None:
            raise NotUnderstood(
                f"Job {tick(approval.id)} does not exist.", next_step="`/swarm jobs` lists recent jobs."
            )
        still = [vote.by for vote in approval.votes if vote.by in right]
        count = len(still) + 1
        entries = [ask.audit_entry("approved by one", voter, f"{count} of {ask.needed}, plan {short(ask.digest)}")]
        if count >= ask.needed:
            entries.append(ask.audit_entry("approved", voter, f"plan {ask.digest}"))
        match self._approvals.vote(job, approval, voter, still, entries):
            case "changed":
                return ""
            case "approved":
                return f"You approved {tick(approval.id)}: it is carried out now."
            case "counted":
                return f"Your yes to {tick(approval.id)} counts: {count} of {ask.needed}."
            case word:
                raise refusal(approval, word)

    def _check(self, voter: str, code: str) -> None:
        try:
            self._prove(voter, code)
        except Refused as error:
            raise WrongCode(error.happened, next_step=error.next_step) from None


def _not_twice(approval: Approval, voter: str) -> None:
    if any(vote.by == voter for vote in approval.votes):
        raise refusal(approval, "twice")
