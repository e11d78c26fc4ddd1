"""Other contents of configs and secrets get names of their own, which every service then uses."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.model import (
    BASE_NAME_LABEL,
    ClusterFacts,
    Facts,
    ObjectType,
    ServiceFacts,
    StackObject,
    StackRecording,
    StackWrite,
)
from bot.secrets.secret import Secret
from bot.stack_recording.content_names import MAX_NAME_CHARS, content_name, with_content_names
from bot.stack_recording.recorder import virtual_id
from bot.swarm.stacks.versions import old_versions
from bot.swarm.stacks.writes import pending_writes
from tests.kits.examples import examples

KEY = Secret("a key of the tests")
OWN = {"com.docker.stack.namespace": "app"}
KEPT = 2


def encoded(content: str) -> str:
    """Return the content as an engine takes it."""
    return base64.b64encode(content.encode()).decode()


def test_the_name_of_a_config_is_its_sha_256() -> None:
    """Anybody can check it with ``sha256sum``."""
    name = content_name("config", "app_conf", encoded("colour=red"), KEY)
    assert name == f"app_conf-{hashlib.sha256(b'colour=red').hexdigest()[:8]}"


def test_the_name_of_a_secret_tells_nothing() -> None:
    """It depends on the bot's key and on the secret's name: equal contents of two secrets do not show."""
    password = encoded("hunter2")
    found = content_name("secret", "app_one", password, KEY)
    assert found == content_name("secret", "app_one", password, KEY)
    assert hashlib.sha256(b"hunter2").hexdigest()[:8] not in found
    other_key = content_name("secret", "app_one", password, Secret("another key"))
    other_name = content_name("secret", "app_two", password, KEY)
    assert len({each[-8:] for each in (found, other_key, other_name)}) == 3


def test_a_long_name_is_cut() -> None:
    """An engine takes 64 characters."""
    assert len(content_name("config", "a" * MAX_NAME_CHARS, encoded("x"), KEY)) == MAX_NAME_CHARS


class Cluster:
    """What an engine has of a stack with one object and one service, and Docker's command line."""

    def __init__(self, type_: ObjectType) -> None:
        self.type = type_
        self.objects: list[StackObject] = []
        self.contents: dict[str, str] = {}
        self.spec: Mapping[str, Any] | None = None
        self.previous: Mapping[str, Any] | None = None
        self._count = 0

    def has_content(self, known: StackObject, body: Mapping[str, Any]) -> bool:
        """As an engine reports it."""
        return self.contents[known.id] == str(body["Data"]) and known.name == str(body["Name"])

    def recorded(self, content: str) -> StackRecording:
        """Return the recording of a deploy with this content."""
        known = next((each for each in self.objects if each.name == "app_x"), None)
        body = {"Name": "app_x", "Labels": OWN, "Data": encoded(content)}
        identity = known.id if known else virtual_id(self.type, "app_x")
        what = "Secret" if self.type == "secret" else "Config"
        reference = {"File": {"Name": "x"}, f"{what}ID": identity, f"{what}Name": "app_x"}
        container = {"Image": "web", f"{what}s": [reference]}
        service = {"Name": "app_web", "Labels": OWN, "TaskTemplate": {"ContainerSpec": container}}
        writes = (
            StackWrite("update" if known else "create", self.type, "app_x", identity, "1.41", body),
            StackWrite("update" if self.spec else "create", "service", "app_web", "id-web", "1.41", service),
        )
        services = [StackObject("service", "id-web", "app_web", 1, self.spec)] if self.spec else []
        objects = (*self.objects, *services)
        named, conflicts = with_content_names("app", writes, objects, KEY, self.has_content)
        assert conflicts == ()
        return StackRecording("app", objects, named, key=KEY, keep_versions=KEPT)

    def deploy(self, content: str) -> None:
        """Carry out a recording as the steps of a deploy do: each write is recorded again when it is sent."""
        pending = pending_writes(self.recorded(content))
        removed = old_versions(self.facts(), self.recorded(content), pending)
        for write in pending:
            again = self.recorded(content).write_of(write.type, write.name)
            assert again is not None
            if write.type == "service":
                assert virtual_id(self.type, "app_x") not in str(again.body)
                self.previous, self.spec = self.spec, again.body
            else:
                self._create(again)
        for old in removed:
            self.objects.remove(old)

    def facts(self) -> Facts:
        """Return what the cluster runs."""
        web = ServiceFacts("app_web", 1, 1, id="id-web", spec=self.spec or {}, previous_spec=self.previous)
        swarm = ClusterFacts("prodid", "host-1", 1, {}, (), services=(web,) if self.spec else ())
        return Facts("prod", 0.0, {}, swarm)

    def used(self, spec: Mapping[str, Any]) -> StackObject:
        """Return the object that a spec names."""
        [found] = [each for each in self.objects if each.id in str(spec)]
        return found

    def _create(self, write: StackWrite) -> None:
        assert write.action == "create"
        self._count += 1
        identity = f"id-{self._count:03}-"
        assert all(each.name != write.name for each in self.objects)
        spec = write.body if self.type == "config" else {k: v for k, v in write.body.items() if k != "Data"}
        self.objects.append(StackObject(self.type, identity, write.name, self._count, spec))
        self.contents[identity] = write.body["Data"]


@pytest.mark.parametrize("type_", ["config", "secret"])
@settings(max_examples=examples(150), deadline=None)
@given(contents=st.lists(st.sampled_from("abcde"), min_size=1, max_size=12))
def test_any_order_of_contents(type_: ObjectType, contents: list[str]) -> None:
    """After each deploy the service has the content, the same file is no change, and few old ones are kept.

    What the service used before stays, so that Docker's rollback works.
    """
    cluster = Cluster(type_)
    for content in contents:
        cluster.deploy(content)
        assert cluster.spec is not None
        assert cluster.contents[cluster.used(cluster.spec).id] == encoded(content)
        assert pending_writes(cluster.recorded(content)) == ()
        assert all(each.base_name == "app_x" for each in cluster.objects)
        in_use = {cluster.used(spec).id for spec in (cluster.spec, cluster.previous) if spec}
        assert len(cluster.objects) <= KEPT + len(in_use)


def test_what_is_not_the_stacks_own_stays() -> None:
    """An object of another stack with another content is a conflict; with the same content it is no conflict."""
    cluster = Cluster("config")
    cluster.deploy("a")
    foreign = replace(cluster.objects[0], spec={**cluster.objects[0].spec, "Labels": {}})
    cluster.objects = [foreign]
    write = StackWrite("update", "config", "app_x", foreign.id, "1.41", {"Name": "app_x", "Data": encoded("b")})
    for content, conflicts in (("a", ()), ("b", (("config", "app_x"),))):
        sent = replace(write, body={**write.body, "Data": encoded(content)})
        named, found = with_content_names("app", [sent], cluster.objects, KEY, cluster.has_content)
        assert named == (sent,)
        assert found == conflicts


def test_a_name_that_is_taken_is_a_conflict() -> None:
    """Somebody else may have created an object by the name of the content."""
    cluster = Cluster("config")
    cluster.deploy("a")
    name = content_name("config", "app_x", encoded("b"), KEY)
    cluster.contents["id-other"] = encoded("c")
    cluster.objects.append(StackObject("config", "id-other", name, 9, {"Name": name, "Data": encoded("c")}))
    body = {"Name": "app_x", "Labels": OWN, "Data": encoded("b")}
    write = StackWrite("update", "config", "app_x", cluster.objects[0].id, "1.41", body)
    assert with_content_names("app", [write], cluster.objects, KEY, cluster.has_content)[1] == (("config", "app_x"),)


def test_labels_and_credential_specs_follow() -> None:
    """The new object has the labels of the compose file and the name in it; a credential spec is a reference, too."""
    cluster = Cluster("config")
    cluster.deploy("a")
    old = cluster.objects[0].id
    body = {"Name": "app_x", "Labels": {**OWN, "team": "red"}, "Data": encoded("b")}
    container = {"Privileges": {"CredentialSpec": {"Config": old}}}
    writes = [
        StackWrite("update", "config", "app_x", old, "1.41", body),
        StackWrite("create", "service", "app_web", "v", "1.41", {"TaskTemplate": {"ContainerSpec": container}}),
    ]
    (config, service), _ = with_content_names("app", writes, cluster.objects, KEY, cluster.has_content)
    assert config.body["Labels"] == {**OWN, "team": "red", BASE_NAME_LABEL: "app_x"}
    assert config.shown_action == "update"
    container = service.body["TaskTemplate"]["ContainerSpec"]
    assert container["Privileges"]["CredentialSpec"]["Config"] == config.id
