"""Approve, deny and withdraw. Slack's current group members decide who may; Redis decides what counts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, Literal

from bot.approvals.approval import Approval, ApprovalRequest
from bot.approvals.card import approver_mention
from bot.approvals.choices import rule_of
from bot.approvals.repository import ApprovalRepository, Ended
from bot.approvals.rule import approver_groups, approvers
from bot.audit import Audit, Entry
from bot.blocks import RUNNING, channel, tick, user
from bot.config import Config
from bot.errors import NotUnderstood, Refused, Unavailable
from bot.model.approval_basis import short
from bot.queue.job import Job
from bot.queue.queue import Queue
from bot.swarm.services.spec.masked import masked_text
from bot.text.suggest import part_of
from bot.usergroups import MembershipUnknown, UserGroups

MAX_RACES: Final = 50
"""Attempts at a vote while other votes change the approval."""
MEMBERSHIP_MAX_AGE_S: Final = 3.0
"""How old Slack's answer on the members of a group may be when somebody votes."""

CodeCheck = Callable[[str, str], None]
"""Checks the code of a person's second factor; raises Refused."""

Rejection = Literal["own", "not among", "twice", "not yours", "late", "ended", "early"]
"""Why a vote, a denial or a withdrawal does not count."""


class WrongCode(Refused):
    """The code was wrong; another one may be tried."""


class Voting:
    """Safe to share between threads. The returned texts are for the voter only."""

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
        self._check_code = check_code

    def show(self, job_id: str, voter: str, to: Literal["approve", "deny"]) -> Approval:
        """Return the open approval; Refused if it has ended or ``voter`` may not decide it."""
        approval = self.find(job_id)
        with self._audited_refusals(approval, voter):
            self._eligible(approval, voter)
            if to == "approve":
                _require_first_vote(approval, voter)
        return approval

    def approve(self, job_id: str, voter: str, code: str) -> str:
        """Count an approval, or the requester's confirmation.

        ``code`` is for rules with a second factor. It is checked once, after everything else.
        """
        code_checked = False
        for _ in range(MAX_RACES):
            approval = self.find(job_id)
            if _counts(approval, voter):
                return _pressed_again(approval)
            with self._audited_refusals(approval, voter):
                eligible = self._eligible(approval, voter)
                if _has_approved(approval, voter) and _counts(now := self.find(job_id), voter):
                    return _pressed_again(now)  # somebody else's approval came while Slack was asked
                _require_first_vote(approval, voter)
                if approval.request.second_factor and not code_checked:
                    self._check(voter, code)
                    code_checked = True
                reply = self._vote(approval, voter, eligible)
            if reply:
                return reply
        raise Unavailable(
            "Too many people vote at the same time.", true_now="Your vote was not counted.", next_step="Try again."
        )

    def deny(self, job_id: str, voter: str, why: str) -> str:
        """End the approval as denied: one denial is enough. Somebody who has approved it may deny it."""
        approval, why = self.find(job_id), masked_text(why)
        entry = approval.request.audit_entry("denied", voter, why or "no reason given")
        with self._audited_refusals(approval, voter):
            self._eligible(approval, voter)
            result = self._approvals.end(job_id, "denied", voter, why, [entry])
            if result != "ok":
                raise refusal(approval, result)
        return f"You denied {tick(job_id)}. {user(approval.request.requester)} gets a message. Nothing was changed."

    def withdraw(self, job_id: str, person: str) -> str:
        """End one's own request."""
        approval = self.find(job_id)
        with self._audited_refusals(approval, person):
            result = self._end_withdrawn(approval, person) if approval.request.requester == person else "not yours"
            if result != "ok":
                raise refusal(approval, result)
        did = "cancelled" if approval.request.confirmation else "withdrew"
        return f"You {did} {tick(job_id)}. Nothing was changed."

    def cancel(self, job_id: str, person: str) -> bool:
        """End the open approval of a cancelled job; return False if there is none."""
        approval = self._approvals.get(job_id)
        if approval is None or not approval.open:
            self._approvals.show_again(job_id)
            return False
        return self._end_withdrawn(approval, person) == "ok"

    def _end_withdrawn(self, approval: Approval, person: str) -> Ended:
        entry = approval.request.audit_entry("withdrawn", person, "")
        return self._approvals.end(approval.id, "withdrawn", person, f"Withdrawn by {user(person)}.", [entry])

    def find(self, job_id: str) -> Approval:
        """Return the approval. Raise NotUnderstood if there is none."""
        approval = self._approvals.get(job_id)
        if approval is None:
            raise NotUnderstood(
                f"Approval {tick(job_id)} does not exist.",
                next_step="`/swarm approvals` lists what waits for approval.",
            )
        return approval

    @contextmanager
    def _audited_refusals(self, approval: Approval, person: str) -> Iterator[None]:
        """Write every refusal to the audit log, also one because Slack did not say who is in a group."""
        try:
            yield
        except (Refused, MembershipUnknown) as error:
            self._audit.append([approval.request.audit_entry("vote refused", person, error.happened)])
            raise

    def _eligible(self, approval: Approval, voter: str) -> frozenset[str]:
        """Return who may decide now, including the requester; Refused unless ``voter`` may.

        Raises MembershipUnknown if Slack does not say who is in a group.
        """
        request = approval.request
        if not approval.open:
            raise refusal(approval, "ended")
        if request.confirmation:
            if voter != request.requester:
                raise refusal(approval, "not yours")
            return frozenset({voter})
        if voter == request.requester:
            raise refusal(approval, "own")
        rule = rule_of(self._config, request)
        members = self._user_groups.members(approver_groups(self._config, [rule]), max_age=MEMBERSHIP_MAX_AGE_S)
        eligible = approvers(self._config, rule, members)
        if voter not in eligible:
            raise refusal(approval, "not among")
        return eligible

    def _vote(self, approval: Approval, voter: str, eligible: frozenset[str]) -> str:
        """Count the approval and return the reply; "" if the stored approval has changed since it was read."""
        request = approval.request
        job = self._queue.get(approval.id)
        if job is None:
            raise NotUnderstood(f"Job {tick(approval.id)} does not exist.", next_step="`/swarm jobs` lists the newest.")
        where = channel(request.channel)
        still_eligible = [vote.by for vote in approval.votes if vote.by in eligible]
        count = len(still_eligible) + 1
        match self._approvals.vote(job, approval, voter, still_eligible, _vote_entries(request, voter, count)):
            case "changed":
                return ""
            case "ended" if _counts(now := self.find(approval.id), voter):
                return _pressed_again(now)
            case "approved" if request.confirmation:
                return f"{RUNNING} You proceeded with {tick(approval.id)}. Its progress is shown in {where}."
            case "approved":
                return f"You approved {tick(approval.id)}. {self._turn(job)}"
            case "counted":
                return f"You approved {tick(approval.id)}. It has {part_of(count, request.needed, 'approval')}."
            case result:
                raise refusal(approval, result)

    def _turn(self, job: Job) -> str:
        """Return when an approved job runs. The vote is stored: the answer must not deny that."""
        with suppress(Unavailable):
            line = [each.id for each in self._queue.in_line(job.order.cluster)]
            if job.id in line[1:]:
                return f"It runs after job {tick(line[line.index(job.id) - 1])}."
        return "The plan is checked again, then it runs."

    def _check(self, voter: str, code: str) -> None:
        try:
            self._check_code(voter, code)
        except Refused as error:
            raise WrongCode(error.happened, next_step=error.next_step) from None


def _counts(approval: Approval, voter: str) -> bool:
    """Return whether it is approved, and ``voter``'s approval counted: they have pressed the button twice."""
    return approval.state == "approved" and voter in approval.counted


def _pressed_again(approval: Approval) -> str:
    did = "proceeded with" if approval.request.confirmation else "approved"
    return f"You have {did} {tick(approval.id)} already."


def _vote_entries(request: ApprovalRequest, voter: str, count: int) -> list[Entry]:
    """Return the audit entries of a vote that makes ``count`` approvals."""
    if request.confirmation:
        return [request.audit_entry("proceeded", voter, f"plan {request.digest}")]
    vote = request.audit_entry("approved by one", voter, f"{count} of {request.needed}, plan {short(request.digest)}")
    if count < request.needed:
        return [vote]
    return [vote, request.audit_entry("approved", voter, f"plan {request.digest}")]


def _has_approved(approval: Approval, voter: str) -> bool:
    return any(vote.by == voter for vote in approval.votes)


def _require_first_vote(approval: Approval, voter: str) -> None:
    if _has_approved(approval, voter):
        raise refusal(approval, "twice")


def refusal(approval: Approval, rejection: Rejection) -> Refused:
    """Return the refusal of a vote, a denial or a withdrawal; ``approval`` is as it was when it was checked."""
    request = approval.request
    shows = f"`/swarm approvals {approval.id}` shows its state."
    match rejection:
        case "own":
            return Refused("you cannot approve or deny your own request.", next_step="To stop it, press Withdraw.")
        case "not among":
            return Refused(
                f"only {' or '.join(map(approver_mention, request.by))} can decide this.",
                next_step="Ask one of them; `/swarm whoami` lists your permissions.",
            )
        case "twice":
            return Refused("you have already approved this, and each person counts once.", next_step=shows)
        case "not yours":
            decide = "decide" if request.confirmation else "withdraw"
            stop = f"`/swarm cancel {approval.id}`" if request.confirmation else "press Deny"
            return Refused(f"only {user(request.requester)} can {decide} this.", next_step=f"To stop it, {stop}.")
        case "late":
            return Refused("it has expired.", next_step=shows)
        case "ended" | "early":
            state = "confirmed" if request.confirmation and approval.state == "approved" else approval.state
            ended = "it ended in the meantime" if approval.open else f"it is already {state}"
            return Refused(f"{ended}.", next_step=shows)
