"""Recorded writes: which of them change something, and what their digests depend on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.model import StackObject, StackRecording
from bot.secrets.secret import Secret
from bot.swarm.stacks.writes import digest, missing_references, pending_writes, removals, spec_digest
from tests.kits.recordings import recording

WEB = "service app_web"
BOTH = pytest.mark.parametrize("cli", ["app-28", "app-20"])


def shown(found: StackRecording) -> list[str]:
    """Return the writes that change something."""
    return [f"{write.action} {write.type} {write.name}" for write in pending_writes(found)]


@BOTH
def test_an_unchanged_file_changes_nothing(cli: str) -> None:
    """The CLI sends an update for every object."""
    assert len(recording(cli).writes) == 4
    assert shown(recording(cli)) == []


@BOTH
def test_a_first_deploy_creates_everything_in_order(cli: str) -> None:
    """What others need comes first."""
    assert shown(recording(cli, first=True)) == [
        "create network app_inner",
        "create secret app_password",
        "create config app_settings",
        "create service app_db",
        "create service app_web",
    ]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (f"{WEB}/Mode/Replicated/Replicas", 0),
        (f"{WEB}/TaskTemplate/ContainerSpec/Image", "swarmbot/task:other"),
        (f"{WEB}/TaskTemplate/ContainerSpec/Env", ["LOG_LEVEL=info", "DB_PASSWORD=tr0ub4dor-and-3"]),
        (f"{WEB}/UpdateConfig/FailureAction", "rollback"),
        (f"{WEB}/UpdateConfig/Order", "start-first"),
        (f"{WEB}/TaskTemplate/RestartPolicy", {"Condition": "on-failure"}),
        (f"{WEB}/TaskTemplate/Networks", [{"Target": "other", "Aliases": ["web"]}]),
        ("secret app_password/Labels", {}),
        ("config app_settings/Labels", {}),
    ],
)
def test_a_change_is_found_and_has_another_digest(place: str, value: object) -> None:
    """Also the order of a list, which Docker compares."""
    found = recording(writes={place: value})
    assert shown(found) == [f"update {place.partition('/')[0]}"]
    [write] = pending_writes(found)
    same = recording().write_of(write.type, write.name)
    assert same is not None
    assert digest(found, write) != digest(recording(), same)


def test_another_content_is_a_new_object() -> None:
    """And an update of what uses it: by its name, so the digest is the same before and after it is created."""
    found = recording(writes={"config app_settings/Data": "cmVk"})
    assert shown(found) == ["create config app_settings-b1f51a51", f"update {WEB}"]
    config, web = pending_writes(found)
    assert missing_references(found, web) == ("app_settings-b1f51a51",)
    created = StackObject("config", "id-red", config.name, 30, config.body)
    later = recording(writes={"config app_settings/Data": "cmVk"}, added=(created,))
    [again] = pending_writes(later)
    assert digest(later, again) == digest(found, web)
    assert missing_references(later, again) == ()


def test_what_a_digest_covers() -> None:
    """The write, the spec that it rests on, the CLI's version and a secret's content; not the order, not versions."""
    found = recording(writes={f"{WEB}/Mode/Replicated/Replicas": 5})
    [write] = pending_writes(found)
    approved = digest(found, write)
    assert len(approved) == 64
    moved = recording(
        writes={f"{WEB}/Mode/Replicated/Replicas": 5}, objects={f"{WEB}/TaskTemplate/ContainerSpec/User": "1"}
    )
    assert digest(moved, write) != approved
    assert digest(replace(found, cli="29.0.0"), write) != approved
    assert digest(replace(found, key=Secret("another key")), write) != approved
    newer = tuple(replace(each, version=each.version + 9) for each in reversed(found.objects))
    assert digest(replace(found, objects=newer, writes=found.writes[::-1]), write) == approved
    secret = recording(writes={"secret app_password/Data": "eA=="}).write_of("secret", "app_password")
    before = recording().write_of("secret", "app_password")
    assert secret
    assert before
    assert digest(recording(), secret) != digest(recording(), before)


def test_a_virtual_id_and_the_real_one_mean_the_same() -> None:
    """A service refers to a secret that exists only once the step before is done: its digest stays."""
    first = recording(first=True)
    secret, web = first.write_of("secret", "app_password"), first.write_of("service", "app_db")
    assert secret
    assert web
    virtual = replace(secret, id="virtual1")
    body = {**web.body, "TaskTemplate": {**web.body["TaskTemplate"]}}
    container = {**body["TaskTemplate"]["ContainerSpec"]}
    container["Secrets"] = [{**container["Secrets"][0], "SecretID": "virtual1"}]
    body["TaskTemplate"]["ContainerSpec"] = container
    planned = replace(first, writes=(virtual, replace(web, body=body)))
    known = next(each for each in recording().objects if each.name == "app_password")
    later = replace(first, objects=(*first.objects, known), writes=(web,))
    assert digest(planned, planned.writes[1]) == digest(later, web)


def test_the_config_of_a_credential_spec_is_compared_by_name() -> None:
    """It is an id, too; a virtual one before it exists."""
    place = f"{WEB}/TaskTemplate/ContainerSpec/Privileges"
    real = {place: {"CredentialSpec": {"Config": "id-app_settings"}}}
    named = {place: {"CredentialSpec": {"Config": "app_settings"}}}
    assert shown(recording(writes=real, objects=named)) == []
    assert shown(recording(writes=real)) == [f"update {WEB}"]


def test_the_deployed_spec_is_recognized() -> None:
    """The engine's record of a deployed service has the digest of what was sent; a rolled back one has not."""
    found = recording()
    write = found.write_of("service", "app_web")
    live = found.find("service", "app_web")
    assert write
    assert live
    assert spec_digest(found, live.spec) == spec_digest(found, write.body)
    assert spec_digest(found, {**live.spec, "Mode": {"Replicated": {"Replicas": 1}}}) != spec_digest(found, write.body)


def test_a_removal_takes_services_first_and_networks_last() -> None:
    """And nothing of other stacks."""
    assert [f"{write.type} {write.id}" for write in removals(recording())] == [
        "service id-app_db",
        "service id-app_web",
        "secret id-app_password",
        "config id-app_settings",
        "network id-app_inner",
    ]


def test_bodies_are_not_in_representations() -> None:
    """They hold secrets, and an exception or a log may show a recording."""
    assert "tr0ub4dor" not in repr(recording())
    assert "Y29ycmVjd" not in repr(recording())
