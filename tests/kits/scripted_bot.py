"""A small bot behind a local Slack, which sends each kind of message that Swarmbot sends, without any host."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final, Self

from slack_bolt import Ack, App

from bot.blocks import DONE, RUNNING, WAITING, Line, Message, Sign, actions, button, code, data_table, progress, section
from bot.blocks.modals import Modal, check_field, choice_field, text_field
from sandbox.slack import LocalSlack
from tests.kits.slack_app import Body, app_for, serving

TOKEN: Final = f"SWMTKN-1-{'0123456789' * 5}-{'k7f3' * 6}"
HOSTS: Final = ("host-1", "host-2")
STEPS: Final = ("Ask `host-3` to join", "Wait until it is ready")
TOO_SHORT: Final = "Say more: at least 5 characters."
HOSTILE: Final = (
    "&lt;img src=x onerror=alert(1)&gt; &lt;!channel&gt; `a *b* c` <script>alert(2)</script> \u202eright to left"
)
COMPOSE_FORM: Final = Modal(
    "compose", "", "Deploy", "Deploy", [text_field("compose", "Compose file", multiline=True, required=False)]
).view()
CHOICES: Final[list[dict[str, Any]]] = [
    {"type": "divider"},
    {
        "type": "actions",
        "elements": [
            {
                "type": "static_select",
                "action_id": "host",
                "placeholder": {"type": "plain_text", "text": "Choose a host"},
                "options": [{"text": {"type": "plain_text", "text": name}, "value": name} for name in HOSTS],
            }
        ],
    },
]


class ScriptedBot:
    """A context manager that serves the bot for ``slack``."""

    def __init__(self, slack: LocalSlack) -> None:
        self._slack = slack
        self._app: App = app_for(slack)
        self._stack = ExitStack()
        self._card: dict[str, Any] = {}
        self._steps_done = 0
        self.chosen: list[str] = []
        """The values of menus that people chose."""
        self.reasons: list[str] = []
        """What people typed into forms and was accepted."""
        self._app.command("/swarm")(self._command)
        self._app.action("approve")(self._approve)
        self._app.action("hide")(self._hide)
        self._app.action("host")(self._choose)
        self._app.action("node")(self._show_words)
        self._app.view("deny")(self._deny)
        self._app.view("silence")(self._silence)
        self._app.action("switches")(lambda ack: ack())
        self._app.view("deploy")(lambda ack: ack(response_action="update", view=COMPOSE_FORM))
        self._app.view("compose")(self._deploy)
        self._app.event("app_home_opened")(self._home)
        self._app.shortcut("menu")(self._menu)
        self._app.event("message")(lambda: None)
        self._app.event("app_mention")(lambda: None)

    def __enter__(self) -> Self:
        self._stack.enter_context(serving(self._slack, self._app))
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def finish_step(self) -> None:
        """Edit the newest job's card: one step more is done."""
        self._steps_done += 1
        self._app.client.chat_update(**self._card, **_content(_job(self._steps_done)))

    def post(self, channel: str, blocks: list[dict[str, Any]], text: str = "A message.") -> str:
        """Post blocks, and return the message's ts."""
        return str(self._app.client.chat_postMessage(channel=channel, text=text, blocks=blocks)["ts"])

    def reply(self, channel: str, ts: str, text: str) -> None:
        """Reply in a thread."""
        self._app.client.chat_postMessage(channel=channel, text=text, thread_ts=ts)

    def _command(self, ack: Ack, body: Body, respond: Any) -> None:
        ack()
        channel, client = body["channel_id"], self._app.client
        match body["text"]:
            case "token worker":
                blocks = [section("Join command:"), code(f"docker swarm join --token {TOKEN} 192.0.2.1:2377")]
                respond(text="A join command.", blocks=[*blocks, actions(button("Hide", "hide"))])
            case "join worker host-3":
                self._steps_done = 0
                posted = client.chat_postMessage(channel=channel, **_content(_job(0)))
                self._card = {"channel": channel, "ts": posted["ts"]}
            case "promote host-3":
                text = f"<@{body['user_id']}> asks to promote `host-3` in prod"
                confirm = "host-3 becomes a manager."
                row = actions(button("Approve", "approve", body["user_id"], style="primary", confirm=confirm))
                client.chat_postMessage(channel=channel, text=text, blocks=[section(f"*{text}*"), row])
            case "deny k7f3":
                form = Modal(
                    "deny", "k7f3", "Deny", "Deny", [text_field("reason", "Reason", hint="For the requester.")]
                )
                client.views_open(trigger_id=body["trigger_id"], view=form.view())
            case "silence":
                client.views_open(trigger_id=body["trigger_id"], view=_silence("…"))
            case "deploy":
                switches = check_field("switches", "Options", [("--file", "Enter the compose file.")])
                form = Modal("deploy", "", "Deploy", "Deploy", [switches])
                client.views_open(trigger_id=body["trigger_id"], view=form.view())
            case "nodes":
                nodes = data_table("Nodes of prod", ["NODE", "ROLE"], [["host-1", "manager"], ["host-2", "worker"]])
                respond(text="2 nodes", blocks=[section("✓ *2 of 2 nodes ready in prod*"), nodes])
            case "hosts":
                respond(text="Choose", blocks=CHOICES)
            case "why":
                respond(text=HOSTILE, blocks=[section(HOSTILE)])
            case other:
                respond(text=f"Unknown command `{other}`. Did you mean `/swarm status`?")

    def _approve(self, ack: Ack, body: Body, respond: Any) -> None:
        ack()
        if body["actions"][0]["value"] == body["user"]["id"]:
            respond(text="You cannot approve your own request.", replace_original=False)
            return
        text = f"✓ *Approved* by <@{body['user']['id']}>"
        place = {"channel": body["channel"]["id"], "ts": body["message"]["ts"]}
        self._app.client.chat_update(**place, text=text, blocks=[section(text)])

    def _hide(self, ack: Ack, respond: Any) -> None:
        ack()
        respond(delete_original=True)

    def _choose(self, ack: Ack, body: Body) -> None:
        ack()
        self.chosen.append(body["actions"][0]["selected_option"]["value"])

    def _show_words(self, ack: Ack, body: Body) -> None:
        ack()
        chosen = body["actions"][0]["selected_option"]["value"]
        reason = body["view"]["state"]["values"]["reason"]["reason"]["value"]
        view = {"view_id": body["view"]["id"], "hash": body["view"]["hash"]}
        self._app.client.views_update(**view, view=_silence(f"`/swarm silence {chosen} {reason or ''}`"))

    def _deny(self, ack: Ack, body: Body) -> None:
        reason = body["view"]["state"]["values"]["reason"]["reason"]["value"]
        if len(reason) < 5:
            ack(response_action="errors", errors={"reason": TOO_SHORT})
            return
        self.reasons.append(reason)
        ack()

    def _silence(self, ack: Ack, body: Body) -> None:
        ack()
        values = body["view"]["state"]["values"]
        node = values["node"]["node"]["selected_option"]["value"]
        self.chosen += [node, *(option["value"] for option in values["also"]["also"]["selected_options"])]

    def _deploy(self, ack: Ack, body: Body) -> None:
        ack()
        self.reasons.append(body["view"]["state"]["values"]["compose"]["compose"]["value"])

    def _menu(self, ack: Ack, body: Body) -> None:
        ack()
        title = {"type": "plain_text", "text": "Swarmbot"}
        view = {"type": "modal", "title": title, "blocks": [actions(button("Status", "status"))]}
        self._app.client.views_open(trigger_id=body["trigger_id"], view=view)

    def _home(self, event: dict[str, Any]) -> None:
        view = {"type": "home", "blocks": [section(f"*Home of <@{event['user']}>*"), section("prod is healthy")]}
        self._app.client.views_publish(user_id=event["user"], view=view)


def _silence(words: str) -> dict[str, Any]:
    """Return a form that shows the words for what is chosen in it."""
    node = choice_field("node", "Node", HOSTS, required=True)
    also = choice_field("also", "Also", HOSTS, several=True, required=True) | {"dispatch_action": False}
    return Modal(
        "silence", "", "Silence", "Silence", [node, also, text_field("reason", "Reason"), section(words)]
    ).view()


def _job(done: int) -> Message:
    signs: list[Sign] = [DONE if place < done else RUNNING if place == done else WAITING for place in range(len(STEPS))]
    lines = [Line(sign, text) for sign, text in zip(signs, STEPS, strict=True)]
    title = "✓ *1 worker joined prod*" if done == len(STEPS) else "▸ *Adding 1 worker to prod*"
    return progress(title, lines, "requested by <@U0ADA> · `k7f3`")


def _content(message: Message) -> dict[str, Any]:
    return {"text": message.text, "blocks": list(message.blocks)}
