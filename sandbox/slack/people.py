"""Turns each action of a person into a delivery to the bot. Raises CannotDo for what no person can do."""

from __future__ import annotations

import secrets
from typing import Any

from sandbox.slack.base import CannotDo, Json
from sandbox.slack.delivery import Delivery
from sandbox.slack.escaping import escape
from sandbox.slack.interactions import action_of, entered_values, find_element, values_of
from sandbox.slack.team import Channel, User
from sandbox.slack.validate import inputs_of
from sandbox.slack.views import View
from sandbox.slack.workspace import Workspace, sees_message


class People:
    """The people of a workspace; its response_urls begin with ``base_url``."""

    def __init__(self, workspace: Workspace, base_url: str) -> None:
        self.workspace = workspace
        self.base_url = base_url

    def slash(self, user_key: str, channel_key: str, text: str) -> Delivery:
        """Type the app's command in one of the person's channels, or in the direct messages ``@swarmbot``."""
        user, channel = self._inside(user_key, channel_key)
        team = self.workspace.team
        self.workspace.note("typed", user.id, channel.id, f"{team.app.command} {text}".strip())
        form = {
            "token": team.app.verification_token,
            "team_id": team.team_id,
            "team_domain": team.team_domain,
            "channel_id": channel.id,
            "channel_name": "privategroup" if channel.is_private else channel.name,
            "user_id": user.id,
            "user_name": user.name,
            "command": team.app.command,
            "text": escape(team, text) if team.app.escapes else text,
            "api_app_id": team.app.id,
            "is_enterprise_install": "false",
            "response_url": self._response_url(user.id, channel.id),
            "trigger_id": self.workspace.callbacks.new_trigger(user.id),
        }
        return Delivery("command", user.id, channel.id, form)

    def shortcut(self, user_key: str, callback_id: str) -> Delivery:
        """Choose a shortcut of the app, from any place in Slack."""
        user, shortcuts = self.workspace.team.user(user_key), self.workspace.team.app.shortcuts
        if callback_id not in shortcuts:
            raise CannotDo(f"the app has no shortcut {callback_id}")
        self.workspace.note("clicked", user.id, "", f"[{shortcuts[callback_id]}]")
        payload = self._interaction("shortcut", user) | {"callback_id": callback_id}
        return Delivery("shortcut", user.id, "", payload | {"action_ts": self.workspace.clock.ts()})

    def click(self, user_key: str, ts: str, action: str, value: Any = None, block_id: str = "") -> Delivery:
        """Press a button, or choose ``value`` in a menu, by action_id or label; ``block_id`` names its block."""
        user = self.workspace.team.user(user_key)
        message = self.workspace.messages.any(ts)
        if message is None or not sees_message(self.workspace, user.id, message):
            raise CannotDo(f"{user.name} sees no message {ts}")
        block, element = find_element(message.blocks, action, block_id)
        self.workspace.note("clicked", user.id, message.channel, f"[{action}]", message.ts)
        payload = self._interaction("block_actions", user)
        channel = self.workspace.team.channels[message.channel]
        container = {"type": "message", "message_ts": ts, "channel_id": channel.id}
        payload |= {
            "container": {**container, "is_ephemeral": bool(message.only_for)},
            "channel": {"id": channel.id, "name": channel.name},
            "state": {"values": {}},
            "response_url": self._response_url(user.id, channel.id, ts),
            "actions": [action_of(block, element, value, self.workspace.clock.ts())],
        }
        if not message.only_for:
            app = self.workspace.team.app
            payload["message"] = message.as_slack(app.bot_user, app.bot_id)
        return Delivery("block_actions", user.id, channel.id, payload)

    def click_in_view(
        self, user_key: str, action: str, value: Any = None, block_id: str = "", answers: Json | None = None
    ) -> Delivery:
        """Press a button in the topmost modal, or in Home if no modal is open.

        An input of a modal that reports changes is filled with ``value``, which its submission has, too. ``answers``,
        by ``block_id/action_id``, are the values of all inputs at that time, which the bot gets too.
        """
        user = self.workspace.team.user(user_key)
        view = self._view(user, or_home=True)
        block, element = find_element(view.content["blocks"], action, block_id)
        self.workspace.note("clicked", user.id, "", f"[{action}]", view.id)
        for each in inputs_of(view.content["blocks"]):
            name = each["element"]["action_id"]
            if answers and (key := f"{each['block_id']}/{name}") in answers:
                view.entered[name] = answers[key]
        if block["type"] == "input":
            view.entered[element["action_id"]] = value
        payload = self._interaction("block_actions", user)
        payload |= {
            "container": {"type": "view", "view_id": view.id},
            "view": self._view_object(view, entered_values(view.content["blocks"], view.entered)),
            "actions": [action_of(block, element, value, self.workspace.clock.ts())],
        }
        return Delivery("block_actions", user.id, "", payload, view_id=view.id)

    def submit(self, user_key: str, answers: Json) -> Delivery:
        """Submit the topmost modal; ``answers`` by action_id or label."""
        user = self.workspace.team.user(user_key)
        view = self._view(user)
        values = values_of(view.content["blocks"], {**view.entered, **answers})
        view.errors = {}
        self.workspace.note("submitted", user.id, "", view.content["title"]["text"], view.id)
        payload = self._interaction("view_submission", user)
        payload |= {"view": self._view_object(view, values), "response_urls": []}
        return Delivery("view_submission", user.id, "", payload, view_id=view.id)

    def close(self, user_key: str) -> Delivery | None:
        """Close the topmost modal; return a delivery only if the view has ``notify_on_close``."""
        user = self.workspace.team.user(user_key)
        view = self._view(user)
        view.open = False
        self.workspace.note("modal closed", user.id, "", view.content["title"]["text"], view.id)
        if not view.content.get("notify_on_close"):
            return None
        payload = self._interaction("view_closed", user) | {"view": self._view_object(view), "is_cleared": False}
        return Delivery("view_closed", user.id, "", payload, view_id=view.id)

    def say(self, user_key: str, channel_key: str, text: str, thread_ts: str = "") -> Delivery | None:
        """Write a message; return a delivery only for a mention of the bot or a direct message.

        With ``thread_ts`` it is a reply to the message with this ts.
        """
        user, channel = self._inside(user_key, channel_key)
        team = self.workspace.team
        escaped = escape(team, text)
        message = self.workspace.post(user.id, channel.id, escaped, thread_ts=thread_ts)
        mentioned = f"<@{team.app.bot_user}" in escaped and team.app.bot_user in channel.members
        if not (mentioned or channel.im_with):
            return None
        event = {"user": user.id, "text": escaped, "ts": message.ts, "channel": channel.id}
        event["type"] = "message" if channel.im_with else "app_mention"
        event |= {"thread_ts": thread_ts} if thread_ts else {}
        return self.event(user.id, event | ({"channel_type": "im"} if channel.im_with else {}))

    def open_home(self, user_key: str) -> Delivery:
        """Open the app's Home tab."""
        user = self.workspace.team.user(user_key)
        event: Json = {"type": "app_home_opened", "user": user.id, "channel": f"D{user.id[1:]}", "tab": "home"}
        if user.id in self.workspace.views.homes:
            event["view"] = self._view_object(self.workspace.views.homes[user.id])
        return self.event(user.id, event)

    def event(self, user_id: str, event: Json) -> Delivery:
        """Return the delivery of an event."""
        team, clock = self.workspace.team, self.workspace.clock
        body = {
            "token": team.app.verification_token,
            "team_id": team.team_id,
            "api_app_id": team.app.id,
            "event": {**event, "event_ts": clock.ts()},
            "type": "event_callback",
            "event_id": f"Ev{secrets.token_hex(5).upper()}",
            "event_time": int(clock.now()),
            "authorizations": [{"team_id": team.team_id, "user_id": team.app.bot_user, "is_bot": True}],
        }
        return Delivery("event", user_id, str(event.get("channel", "")), body)

    def _inside(self, user_key: str, channel_key: str) -> tuple[User, Channel]:
        team = self.workspace.team
        user = team.user(user_key)
        if channel_key.lstrip("@") == team.users[team.app.bot_user].name:
            return user, team.direct(user.id)
        channel = team.channel(channel_key)
        if user.id not in channel.members:
            raise CannotDo(f"{user.name} is not in #{channel.name}")
        return user, channel

    def _view(self, user: User, *, or_home: bool = False) -> View:
        stack = self.workspace.views.stack(user.id)
        home = self.workspace.views.homes.get(user.id) if or_home else None
        if not stack and home is None:
            raise CannotDo(f"{user.name} has no modal open")
        return stack[-1] if stack or home is None else home

    def _view_object(self, view: View, values: Json | None = None) -> Json:
        return view.as_slack(self.workspace.team.team_id, self.workspace.team.app.id, values)

    def _response_url(self, user: str, channel: str, ts: str = "") -> str:
        return f"{self.base_url}/response/{self.workspace.callbacks.new_url(user, channel, ts)}"

    def _interaction(self, kind: str, user: User) -> Json:
        team = self.workspace.team
        return {
            "type": kind,
            "token": team.app.verification_token,
            "team": {"id": team.team_id, "domain": team.team_domain},
            "user": {"id": user.id, "username": user.name, "name": user.name, "team_id": team.team_id},
            "api_app_id": team.app.id,
            "is_enterprise_install": False,
            "enterprise": None,
            "trigger_id": self.workspace.callbacks.new_trigger(user.id),
        }
