"""Slack's faults as buttons of the inspector: each happens once, or for a minute."""

from __future__ import annotations

from threading import Timer
from time import time
from typing import TYPE_CHECKING, Final

from sandbox.slack.base import CannotDo, Json
from sandbox.slack.faults import ANY, Fault, Kind

if TYPE_CHECKING:
    from sandbox.slack.local import LocalSlack

AWAY_S: Final = 60.0
BUTTONS: Final[dict[str, tuple[str, tuple[Fault, ...]]]] = {
    "rate_limited": ("429 on the next post", (Fault("rate_limited", "chat.postMessage", 1, 5.0),)),
    "rate_limited_edit": ("429 on the next edit", (Fault("rate_limited", "chat.update", 1, 5.0),)),
    "invalid_blocks": ("Refuse the next plan block", (Fault("refuse_block", "plan", 1),)),
    "invalid_table": (
        "Refuse the next table",
        (Fault("refuse_block", "data_table", 1), Fault("refuse_block", "table", 1)),
    ),
    "disconnect": ("Break the bot's next call", (Fault("drop", "*", 1),)),
    "lost_answer": ("Lose the answer to the next post", (Fault("drop_after", "chat.postMessage", 1),)),
    "twice": (
        "Deliver the next request twice",
        (Fault("deliver_twice", "command", 1), Fault("deliver_twice", "block_actions", 1)),
    ),
    "ephemeral_lost": ("Lose the next private message", (Fault("ephemeral_lost", "*", 1),)),
}
AWAY: Final = "away"
NAMES: Final[dict[Kind, str]] = {
    "rate_limited": "answer 429",
    "refuse_block": "answer invalid_blocks",
    "drop": "break the connection",
    "drop_after": "lose the answer",
    "deliver_twice": "deliver twice",
    "ephemeral_lost": "lose a private message",
    "http_500": "answer 500",
}


class SlackFaults:
    """Injects the faults of the buttons, and says which wait."""

    def __init__(self, local: LocalSlack) -> None:
        self._local = local
        self._away: Fault | None = None
        self._back_at = 0

    @property
    def state(self) -> Json:
        """The buttons, and the faults that have not happened yet."""
        active = self._local.workspace.faults.active
        return {
            "buttons": [{"name": name, "label": label} for name, (label, _) in BUTTONS.items()]
            + [{"name": AWAY, "label": f"Be away for {AWAY_S:.0f} s"}, {"name": "clear", "label": "No faults"}],
            "active": [self._words(each) for each in active],
        }

    def _words(self, fault: Fault) -> str:
        """Return in mrkdwn what the fault does and, if it ends by itself, when."""
        if fault is self._away:
            return f"away, back <!date^{self._back_at}^{{ago}}|in a minute>"
        words = NAMES.get(fault.kind, fault.kind)
        return words if fault.target == ANY else f"{words} ({fault.target})"

    def inject(self, name: str) -> None:
        """Inject the fault of a button. Raise CannotDo if there is no such button."""
        if name == "clear":
            self._local.clear_faults()
        elif name == AWAY:
            self._be_away()
        elif name in BUTTONS:
            for fault in BUTTONS[name][1]:
                self._local.fault(fault.kind, fault.target, fault.times, fault.seconds)
        else:
            raise CannotDo(f"there is no fault {name}")
        self._local.workspace.tell()

    def _be_away(self) -> None:
        """Break every call for a minute, as if Slack could not be reached."""
        fault = self._away = self._local.fault("drop")
        self._back_at = int(time() + AWAY_S)
        timer = Timer(AWAY_S, self._return, [fault])
        timer.daemon = True
        timer.start()

    def _return(self, fault: Fault) -> None:
        workspace = self._local.workspace
        with workspace.changed:
            workspace.faults.active = [each for each in workspace.faults.active if each is not fault]
            workspace.tell()
