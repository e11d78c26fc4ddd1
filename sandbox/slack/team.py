"""The people, channels, user groups and the installed app of a workspace, as data."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field

from sandbox.slack.base import CannotDo

SCOPES = frozenset(
    {
        "app_mentions:read",
        "channels:read",
        "chat:write",
        "commands",
        "files:read",
        "files:write",
        "groups:read",
        "im:history",
        "im:write",
        "usergroups:read",
        "users:read",
    },
)


@dataclass
class User:
    """A person, or the bot's own user."""

    id: str
    name: str
    real_name: str = ""
    is_bot: bool = False
    deleted: bool = False


@dataclass
class Channel:
    """A channel, or the bot's direct messages with one person."""

    id: str
    name: str
    members: set[str] = field(default_factory=set)
    """User ids."""
    is_private: bool = False
    is_archived: bool = False
    im_with: str = ""
    """The person's user id for direct messages; empty for a channel."""


@dataclass
class Group:
    """A user group."""

    id: str
    handle: str
    """The name after the @."""
    users: list[str] = field(default_factory=list)
    disabled: bool = False


@dataclass
class App:
    """The installed app as in its manifest. Its tokens are plain text: they protect nothing outside the sandbox."""

    id: str = "A0SWARM"
    bot_user: str = "U0SWARM"
    bot_id: str = "B0SWARM"
    command: str = "/swarm"
    escapes: bool = True
    shortcuts: dict[str, str] = field(default_factory=dict)
    """The names of its global shortcuts, by callback_id."""
    scopes: set[str] = field(default_factory=lambda: set(SCOPES))
    bot_token: str = field(default_factory=lambda: f"xoxb-0-0-{secrets.token_hex(12)}")
    app_token: str = field(default_factory=lambda: f"xapp-1-A0SWARM-0-{secrets.token_hex(12)}")
    signing_secret: str = field(default_factory=lambda: secrets.token_hex(16))
    verification_token: str = field(default_factory=lambda: secrets.token_hex(12))


@dataclass
class Team:
    """The data of one workspace; it can be edited under ``Workspace.changed`` while the server runs."""

    team_id: str = "T0LOCAL"
    team_domain: str = "local"
    app: App = field(default_factory=App)
    users: dict[str, User] = field(default_factory=dict)
    channels: dict[str, Channel] = field(default_factory=dict)
    groups: dict[str, Group] = field(default_factory=dict)

    def add_user(self, user_id: str, name: str, real_name: str = "") -> User:
        """Add a person, or replace the person with this id."""
        self.users[user_id] = User(user_id, name, real_name or name.title())
        return self.users[user_id]

    def add_channel(
        self, channel_id: str, name: str, members: Iterable[str] = (), *, is_private: bool = False
    ) -> Channel:
        """Add a channel with these members; include the bot's user to invite the bot."""
        self.channels[channel_id] = Channel(channel_id, name, set(members), is_private=is_private)
        return self.channels[channel_id]

    def add_group(self, group_id: str, handle: str, users: Iterable[str] = ()) -> Group:
        """Add a user group."""
        self.groups[group_id] = Group(group_id, handle, list(users))
        return self.groups[group_id]

    def set_members(self, channel: str, members: Iterable[str]) -> Channel:
        """Set the members of a channel (user ids)."""
        found = self.channel(channel)
        found.members = set(members)
        return found

    def set_group(self, group: str, users: Iterable[str]) -> Group:
        """Set the members of a user group (user ids); the group is named by id or handle. Raise CannotDo."""
        for found in self.groups.values():
            if group.lstrip("@") in {found.id, found.handle}:
                found.users = list(users)
                return found
        raise CannotDo(f"there is no user group {group}")

    def name_of(self, key: str) -> str:
        """Return the display name of a user or channel: ``@ada``, ``#prod``."""
        if key in self.users:
            return f"@{self.users[key].name}"
        channel = self.channels.get(key)
        if channel is None:
            return key
        return f"@{self.users[channel.im_with].name} with the bot" if channel.im_with else f"#{channel.name}"

    def user(self, key: str) -> User:
        """Return the person with this id or name. Raise CannotDo if there is none."""
        for user in self.users.values():
            if key.lstrip("@") in {user.id, user.name}:
                return user
        raise CannotDo(f"there is no user {key}")

    def channel(self, key: str) -> Channel:
        """Return the channel with this id or name. Raise CannotDo if there is none."""
        for channel in self.channels.values():
            if key.lstrip("#") in {channel.id, channel.name}:
                return channel
        raise CannotDo(f"there is no channel {key}")

    def direct(self, user_id: str) -> Channel:
        """Return the direct messages of the bot and a person; open them if necessary."""
        channel_id = f"D{user_id[1:]}"
        if channel_id not in self.channels:
            members = {user_id, self.app.bot_user}
            self.channels[channel_id] = Channel(channel_id, "directmessage", members, im_with=user_id)
        return self.channels[channel_id]


def demo_team() -> Team:
    """Return the demo's team: #prod and #lab with the bot, #random without it, @operators and @admins."""
    team = Team()
    bot = team.app.bot_user
    team.users[bot] = User(bot, "swarmbot", "Swarmbot", is_bot=True)
    people = {"U0ADA": "ada", "U0BEN": "ben", "U0CLEO": "cleo", "U0DAN": "dan", "U0EVE": "eve"}
    for user_id, name in people.items():
        team.add_user(user_id, name)
    team.add_channel("C0PROD", "prod", [bot, *people])
    team.add_channel("C0LAB", "lab", [bot, "U0ADA", "U0BEN", "U0CLEO"])
    team.add_channel("C0RANDOM", "random", people)
    team.add_group("S0OPS", "operators", ["U0ADA", "U0BEN"])
    team.add_group("S0ADMINS", "admins", ["U0CLEO", "U0DAN"])
    return team
