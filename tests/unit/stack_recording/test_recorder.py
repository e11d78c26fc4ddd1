"""The recorder: reads are passed on, writes are recorded, created objects are shown, anything else is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from bot.errors import HostUnreachable
from bot.model import Answer, Engine
from bot.secrets.secret import Secret
from bot.stack_recording.recorder import Recorder, virtual_id

LABEL = {"com.docker.stack.namespace": "app"}


class Manager:
    """A manager with one config of the stack."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.headers: dict[str, str] = {}
        self.down = False

    def forward(self, method: str, path: str, headers: Mapping[str, str]) -> Answer:
        """Answer every list with the config."""
        assert "Host" not in headers
        if self.down:
            raise HostUnreachable("host-1", "lost", "gone")
        self.asked.append(f"{method} {path}")
        self.headers = dict(headers)
        body = [{"ID": "c1", "Spec": {"Name": "app_c", "Labels": LABEL}}]
        return Answer(200, {"Api-Version": "1.41", "Content-Length": "7"}, json.dumps(body).encode())


def recorder(*, blank: bool = False) -> tuple[Recorder, Manager]:
    """Return a recorder and its manager."""
    manager = Manager()
    return Recorder(cast("Engine", manager), blank=blank), manager


def call(found: Recorder, method: str, path: str, body: Any = None) -> tuple[int, Any]:
    """Send a request, and return status and JSON."""
    sent = b"" if body is None else json.dumps(body).encode()
    status, _, answer = found.answer(method, f"/v1.41{path}", {"Host": "x"}, sent)
    return status, json.loads(answer) if answer else None


def test_no_write_reaches_the_manager() -> None:
    """A creation is answered with a virtual id, which is the same in each recording."""
    found, manager = recorder()
    status, answer = call(found, "POST", "/secrets/create", {"Name": "app_s", "Labels": LABEL, "Data": "eA=="})
    assert (status, answer["ID"]) == (201, virtual_id("secret", "app_s"))
    assert call(found, "POST", "/configs/c1/update?version=3", {"Name": "app_c"})[0] == 200
    assert call(found, "DELETE", "/services/s1")[0] == 200
    assert manager.asked == []
    assert [(write.action, write.type, write.id, write.api) for write in found.writes] == [
        ("create", "secret", answer["ID"], "1.41"),
        ("update", "config", "c1", "1.41"),
        ("delete", "service", "s1", "1.41"),
    ]


def test_what_was_created_shows_in_reads() -> None:
    """By id, by name, and in lists whose labels fit."""
    found, _ = recorder()
    call(found, "POST", "/configs/create", {"Name": "app_d", "Labels": LABEL})
    for named in ("app_d", virtual_id("config", "app_d")):
        assert call(found, "GET", f"/configs/{named}")[1]["Spec"]["Name"] == "app_d"
    listed = call(found, "GET", "/configs")[1]
    assert [each["Spec"]["Name"] for each in listed] == ["app_c", "app_d"]
    other = call(found, "GET", '/configs?filters={"label":{"com.docker.stack.namespace=other":true}}')[1]
    assert [each["Spec"]["Name"] for each in other] == ["app_c"]


def test_a_blank_recorder_shows_a_cluster_without_the_stack() -> None:
    """So that the CLI also sends the networks that exist."""
    found, _ = recorder(blank=True)
    assert call(found, "GET", "/configs/app_c")[0] == 404
    assert call(found, "GET", '/networks?filters={"label":{"com.docker.stack.namespace=app":true}}')[1] == []
    assert len(call(found, "GET", '/secrets?filters={"name":{"x":true}}')[1]) == 1


def test_other_writes_make_it_unusable() -> None:
    """Everything else that a command line could send."""
    for method, path, body in (
        ("POST", "/swarm/update", {}),
        ("POST", "/swarm/leave", None),
        ("POST", "/containers/create", {}),
        ("POST", "/nodes/n1/update", {}),
        ("DELETE", "/nodes/n1", None),
        ("POST", "/services/s1/update/more", {}),
        ("PUT", "/services/create", {}),
        ("POST", "/services/create", [1]),
    ):
        found, manager = recorder()
        assert call(found, method, path, body)[0] == 501
        assert found.unknown == [f"{method} {path}"]
        assert manager.asked == []


def test_registries_are_asked_with_the_workers_credentials() -> None:
    """The command line itself gets none, and sends an empty header."""
    manager = Manager()
    found = Recorder(cast("Engine", manager), lambda image: Secret(f"for {image}"))
    found.answer("GET", "/v1.41/distribution/registry:5000/team/app:1/json", {"X-Registry-Auth": "e30="}, b"")
    assert manager.headers == {"X-Registry-Auth": "for registry:5000/team/app:1"}
    found.answer("GET", "/v1.41/networks/x", {"Accept": "a"}, b"")
    assert manager.headers == {"Accept": "a"}


def test_a_registry_is_asked_once_for_an_image() -> None:
    """What it said can be kept: an earlier deploy gets the images that it had."""
    path, images = "/distribution/team/app:1/json", {"/distribution/old:1/json": '{"Descriptor":{}}'}
    manager = Manager()
    found = Recorder(cast("Engine", manager), images=images)
    first = call(found, "GET", path)
    assert call(found, "GET", path) == first
    assert call(found, "GET", "/distribution/old:1/json") == (200, {"Descriptor": {}})
    assert manager.asked == [f"GET /v1.41{path}"]
    assert json.loads(images[path]) == first[1]


def test_a_lost_manager_is_kept_as_the_reason() -> None:
    """The CLI would tell of a broken connection to the recorder instead."""
    found, manager = recorder()
    manager.down = True
    assert call(found, "GET", "/info")[0] == 502
    assert isinstance(found.failure, HostUnreachable)
