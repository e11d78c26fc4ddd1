"""Other contents of configs and secrets on real engines: tasks see them, few old ones are kept, no secret is seen."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.fleet.host import Host
from sandbox.fleet.shell import until
from tests.kits.killed_workers import kill_who_runs
from tests.kits.scenario import Scenario
from tests.kits.secret_search import Arguments, assert_nowhere
from tests.kits.stacks import CONTENT, DEPLOY, StackFolder, compose, names, standing

SECOND, THIRD = "the-second-pass-phrase", "the-third-pass-phrase"


def small() -> dict[str, Any]:
    """Return the stack with one task of each service, which are replaced sooner."""
    found = compose()
    found["services"]["web"]["deploy"]["replicas"] = 1
    return found


@pytest.mark.long
def test_tasks_see_the_new_content(cluster: Scenario, app: StackFolder) -> None:
    """A config and a secret change twice. The same file is then no change; the first content again creates nothing."""
    app.write(small())
    cluster.change("ada", DEPLOY)
    assert seen_by_tasks(cluster, "app_web", "/settings") == {"colour=blue"}
    for colour, content in (("red", SECOND), ("green", THIRD)):
        app.write(small(), settings_ini=f"colour={colour}\n", content_txt=content)
        plan = cluster.ask("ada", f"{DEPLOY} --plan").replace("`", "")
        assert "4 changed" in plan, plan
        assert "~ updating config app_settings: content changed (new name app_settings-" in plan
        assert "~ updating secret app_password: content changed (new name app_password-" in plan
        assert "secret password changed (value not shown)" in plan
        card = cluster.change("ada", DEPLOY)
        assert card.text.startswith("✓"), card.text
        assert seen_by_tasks(cluster, "app_web", "/settings") == {f"colour={colour}"}
        assert seen_by_tasks(cluster, "app_db", "/run/secrets/password") == {content}
        before = standing(cluster), names(cluster, "configs"), names(cluster, "secrets")
        assert "No change needed" in cluster.ask("ada", DEPLOY)
        assert "Stack `app` in prod is as revision" in cluster.ask("ada", "stack app --diff")
        assert (standing(cluster), names(cluster, "configs"), names(cluster, "secrets")) == before
    assert len(before[1]) == len(before[2]) == 3
    app.write(small())
    cluster.change("ada", DEPLOY)
    assert seen_by_tasks(cluster, "app_web", "/settings") == {"colour=blue"}
    assert (names(cluster, "configs"), names(cluster, "secrets")) == before[1:]
    old_ones_are_removed(cluster, app)


def old_ones_are_removed(cluster: Scenario, app: StackFolder) -> None:
    """There are blue, red, green and two more. Three are kept, and blue as long as Docker's rollback returns to it."""
    app.write(small(), settings_ini="colour=black\n")
    cluster.change("ada", DEPLOY)
    assert len(names(cluster, "configs")) == 4
    app.write(small(), settings_ini="colour=white\n")
    plan = cluster.ask("ada", f"{DEPLOY} --plan").replace("`", "")
    assert "- removing the old config app_settings, which no service uses" in plan, plan
    card = cluster.change("ada", DEPLOY)
    assert "the old config app_settings is removed" in card.text.replace("`", ""), card.text
    left = names(cluster, "configs")
    assert len(left) == 3
    assert "app_settings" not in left
    assert "No change needed" in cluster.ask("ada", DEPLOY)
    cluster.change("ada", "rollback app_web")
    assert seen_by_tasks(cluster, "app_web", "/settings") == {"colour=black"}
    assert "• config settings `app_settings-" in cluster.ask("ada", "stack app --diff")


def test_an_approval_binds_to_the_content_of_a_secret(cluster: Scenario, app: StackFolder) -> None:
    """Though nobody sees it: another content after the request voids it. The one that was approved is deployed."""
    app.write(small())
    cluster.change("ada", DEPLOY)
    app.write(small(), content_txt=SECOND)
    cluster.ask("cleo", "freeze --until 1h --reason release")
    try:
        after = cluster.now
        cluster.slack.slash("ada", "prod", DEPLOY)
        asked = cluster.see("cleo", "[Approve]", after=after)
        app.write(small(), content_txt=THIRD)
        cluster.slack.click("cleo", asked, "Approve")
        void = cluster.see("cleo", "*Void*", after=after)
        assert "the step for secret `app_password-" in void.text, void.text
        assert len(names(cluster, "secrets")) == 1
        after = cluster.now
        cluster.slack.slash("ada", "prod", DEPLOY)
        cluster.approve("cleo", after)
    finally:
        cluster.ask("cleo", "thaw")
    assert seen_by_tasks(cluster, "app_db", "/run/secrets/password") == {THIRD}


@pytest.mark.long
def test_a_killed_worker_creates_a_content_once(cluster: Scenario, app: StackFolder) -> None:
    """The other worker finds the new object by its content, and continues with the services."""
    app.write(small())
    cluster.change("ada", DEPLOY)
    app.write(small(), settings_ini="colour=red\n", content_txt=SECOND)
    job = cluster.begin("ada", DEPLOY)
    until(lambda: len(names(cluster, "secrets")) > 1, "the new secret is created")
    killed = kill_who_runs(cluster, job)
    try:
        card = cluster.end(job)
    finally:
        cluster.deployment.start(killed)
    assert card.text.startswith("✓"), card.text
    assert len(names(cluster, "secrets")) == len(names(cluster, "configs")) == 2
    assert seen_by_tasks(cluster, "app_web", "/settings") == {"colour=red"}
    assert seen_by_tasks(cluster, "app_db", "/run/secrets/password") == {SECOND}
    assert "No change needed" in cluster.ask("ada", DEPLOY)


@pytest.mark.long  # test_no_secret_leaves_the_deploy changes one too; here the plan and the difference are asked for
def test_nothing_of_a_changed_secret_is_told(cluster: Scenario, app: StackFolder) -> None:
    """Neither in Slack, Redis, its files and logs, nor in the arguments of programs."""
    arguments = Arguments()
    arguments.start()
    try:
        app.write(small())
        cluster.change("ada", DEPLOY)
        app.write(small(), content_txt=SECOND)
        cluster.ask("ada", f"{DEPLOY} --plan")
        cluster.change("ada", DEPLOY)
        cluster.ask("ada", "stack app --diff")
    finally:
        seen = arguments.stop()
    cluster.ask("ada", "audit")
    assert_nowhere(cluster, CONTENT, SECOND, arguments=seen)


def seen_by_tasks(cluster: Scenario, service: str, path: str) -> set[str]:
    """Return what the running containers of a service have in a file."""
    return {
        host.docker("exec", container, "cat", path).strip()
        for host in (cluster["host-1"], cluster["host-2"])
        for container in running(host, service)
    }


def running(host: Host, service: str) -> list[str]:
    """Return the containers of a service on a host, once those that are being replaced are gone."""
    labelled = ("ps", "-q", "--filter", f"label=com.docker.swarm.service.name={service}")
    until(lambda: "Removal" not in host.docker("ps", "-a", "--format", "{{.Status}}"), "no container is being removed")
    return host.docker(*labelled).split()
