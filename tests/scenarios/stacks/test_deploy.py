"""`/swarm deploy` and `undeploy` on real engines: what Docker's own CLI would write, and nothing else."""

from __future__ import annotations

import re

import pytest

from sandbox.fleet.image import TASK_IMAGE
from sandbox.fleet.shell import until
from tests.kits.killed_workers import kill_who_runs
from tests.kits.scenario import Scenario
from tests.kits.secret_search import Arguments, assert_nowhere
from tests.kits.service_scenario import inspect
from tests.kits.stacks import CONTENT, DEPLOY, HIDDEN, OTHER_IMAGE, StackFolder, compose, names, standing

NEW_VALUE = "a-new-pass-phrase"
NEW_CONTENT = "a-new-content-of-the-secret"


def test_first_deploy_then_no_change(cluster: Scenario, app: StackFolder) -> None:
    """Everything is created and seen to run. The same file, also in another order, posts nothing."""
    plan = cluster.ask("ada", f"{DEPLOY} --plan")
    assert "5 new" in plan
    assert (
        "+ creating service app_web: image swarmbot/task:latest; 2 replicas; networks app_inner (as web); configs"
        in plan.replace("`", "")
    )
    assert names(cluster, "services") == set()
    card = cluster.change("ada", DEPLOY)
    assert card.text.startswith("✓ *Stack `app` is deployed in prod*"), card.text
    assert "app_web has the deployed spec: 2 tasks running" in card.text.replace("`", "")
    assert names(cluster, "services") == {"app_web", "app_db"}
    assert names(cluster, "secrets") == {"app_password"}
    assert names(cluster, "configs") == {"app_settings"}
    assert names(cluster, "networks") == {"app_inner"}
    before = standing(cluster)
    assert "No change needed" in cluster.ask("ada", DEPLOY)
    other = compose()
    other["services"] = dict(reversed(other["services"].items()))
    other["services"]["web"] = dict(reversed(other["services"]["web"].items()))
    other["services"]["web"]["environment"] = [f"DB_PASSWORD={HIDDEN}", "LOG_LEVEL=info"]
    app.write(other)
    assert "No change needed" in cluster.ask("ada", DEPLOY)
    assert "Stack `app` in prod is as revision" in cluster.ask("ada", "stack app --diff")
    told = cluster.ask("ada", "stack app --diff --revision 0")
    assert "Stack `app` in prod is as its compose file describes it" in told
    assert standing(cluster) == before


def test_changes_are_shown_and_carried_out(cluster: Scenario, app: StackFolder) -> None:
    """Only the changed service is written; the values of secrets are masked; the other one keeps its record."""
    cluster.change("ada", DEPLOY)
    before = standing(cluster)
    changed = compose()
    web = changed["services"]["web"]
    web["image"], web["deploy"]["replicas"] = OTHER_IMAGE, 3
    web["environment"] = {"LOG_LEVEL": "debug", "DB_PASSWORD": "another-password"}
    app.write(changed)
    plan = cluster.ask("ada", f"{DEPLOY} --plan").replace("`", "")
    for shown in (
        "1 changed, 3 unchanged",
        f"image {TASK_IMAGE} → {OTHER_IMAGE}",
        "replicas 2 → 3",
        "environment variable LOG_LEVEL info → debug",
        "environment variable DB_PASSWORD changed (value not shown)",
        "all 2 tasks restart",
    ):
        assert shown in plan, plan
    diff = cluster.ask("ada", "stack app --diff --revision 0")
    assert "differs from its compose file" in diff
    assert "• replicas `2` → `3`" in diff
    card = cluster.change("ada", DEPLOY)
    assert "app_web has the deployed spec: 3 tasks running" in card.text.replace("`", ""), card.text
    assert standing(cluster)["app_db"] == before["app_db"]
    spec = inspect(cluster, "app_web")["Spec"]
    assert spec["Mode"] == {"Replicated": {"Replicas": 3}}
    assert "another-password" not in plan + cluster.public()


def test_services_that_the_file_no_longer_has(cluster: Scenario, app: StackFolder) -> None:
    """They run on, and the plan says so. ``--prune`` removes them, which the requester confirms."""
    cluster.change("ada", DEPLOY)
    smaller = compose()
    del smaller["services"]["db"]
    smaller["services"]["web"]["environment"]["LOG_LEVEL"] = "warn"
    app.write(smaller)
    plan = cluster.ask("ada", f"{DEPLOY} --plan")
    assert "`app_db` keeps running although it is not in the compose file. `--prune` removes 1 service." in plan
    card = cluster.confirmed("ada", f"{DEPLOY} --prune", "`app_db` (1 running task) is removed")
    assert card.text.startswith("✓"), card.text
    assert names(cluster, "services") == {"app_web"}


def test_what_moves_between_approval_and_run_voids_it(cluster: Scenario, app: StackFolder) -> None:
    """A service changed by hand, and a changed file. An approval that nothing touched is carried out."""
    cluster.change("ada", DEPLOY)
    changed = compose()
    changed["services"]["web"]["deploy"]["replicas"] = 3
    app.write(changed)
    cluster.ask("cleo", "freeze --until 1h --reason release")
    try:
        for move in (
            lambda: cluster["host-1"].docker("service", "update", "--detach", "--env-add", "BY=hand", "app_web"),
            lambda: app.write({**changed, "services": {**changed["services"], "new": {"image": TASK_IMAGE}}}),
        ):
            after = cluster.now
            cluster.slack.slash("ada", "prod", DEPLOY)
            asked = cluster.see("cleo", "[Approve]", after=after)
            move()
            cluster.slack.click("cleo", asked, "Approve")
            void = cluster.see("cleo", "*Void*", after=after)
            assert "is a different one now, so the plan no longer applies" in void.text, void.text
        assert inspect(cluster, "app_web")["Spec"]["Mode"] == {"Replicated": {"Replicas": 2}}
        after = cluster.now
        cluster.slack.slash("ada", "prod", DEPLOY)
        cluster.slack.click("cleo", cluster.see("cleo", "[Approve]", after=after), "Approve")
        cluster.quiet()
    finally:
        cluster.ask("cleo", "thaw")
    assert names(cluster, "services") == {"app_web", "app_db", "app_new"}
    assert "BY=hand" not in str(inspect(cluster, "app_web")["Spec"])


def test_a_killed_worker_is_finished_once(cluster: Scenario, app: StackFolder) -> None:
    """The other worker skips what exists and does the rest. Nothing is created or updated twice."""
    del app
    job = cluster.begin("ada", DEPLOY)
    until(lambda: names(cluster, "secrets") != set(), "the secret is created")
    killed = kill_who_runs(cluster, job)
    try:
        card = cluster.end(job)
    finally:
        cluster.deployment.start(killed)
    assert card.text.startswith("✓"), card.text
    assert "attempt 2" in cluster.ask("eve", f"job {job}")
    assert f"job `{job}`" in cluster.ask("eve", "stack app")
    assert names(cluster, "services") == {"app_web", "app_db"}
    assert all(previous is None for _, previous in standing(cluster).values())
    assert "No change needed" in cluster.ask("ada", DEPLOY)


def test_no_secret_leaves_the_deploy(cluster: Scenario, app: StackFolder) -> None:
    """Neither the secret's content nor a password in the environment is in Slack, Redis, logs or arguments."""
    arguments = Arguments()
    arguments.start()
    try:
        cluster.change("ada", DEPLOY)
        changed = compose()
        changed["services"]["web"]["environment"]["DB_PASSWORD"] = NEW_VALUE
        app.write(changed, content_txt=NEW_CONTENT)
        cluster.change("ada", DEPLOY)
        last = kept(cluster)
        back = cluster.ask("ada", f"{DEPLOY} --revision {last - 1} --plan")
        assert "environment variable DB_PASSWORD changed (value not shown)" in back
    finally:
        seen = arguments.stop()
    cluster.ask("ada", "audit")
    assert_nowhere(cluster, CONTENT, HIDDEN, NEW_VALUE, NEW_CONTENT, arguments=seen)


@pytest.mark.long
def test_an_earlier_deploy_is_deployed_again(cluster: Scenario, app: StackFolder) -> None:
    """Its files are used as they were, even if the file has changed. Drift is shown against the last deploy."""
    first = kept(cluster) + 1
    card = cluster.change("ada", DEPLOY)
    assert f"kept as revision {first}" in card.text, card.text
    changed = compose()
    changed["services"]["web"]["image"] = OTHER_IMAGE
    app.write(changed)
    cluster.change("ada", DEPLOY)
    assert inspect(cluster, "app_web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == OTHER_IMAGE
    app.write("not: [a compose file\n", content_txt="another-secret")
    told = cluster.ask("ada", f"{DEPLOY} --revision {first + 7}")
    assert f"prod has no revision {first + 7} of stack `app`. There are" in told
    assert f"{first} and {first + 1}. Nothing was changed." in told
    card = cluster.change("ada", f"{DEPLOY} --revision {first}")
    assert card.text.startswith("✓"), card.text
    assert f"revision {first} (`" in card.text
    assert f"kept as revision {first + 2}" in card.text
    assert inspect(cluster, "app_web")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == TASK_IMAGE
    assert f"is as revision {first + 2} describes it" in cluster.ask("ada", "stack app --diff")
    cluster["host-1"].docker("service", "scale", "--detach", "app_web=3")
    told = cluster.ask("ada", "stack app --diff")
    assert f"Stack `app` in prod differs from revision {first + 2}* · 1 to update, 3 unchanged" in told, told
    assert "• replicas `3` → `2`" in told
    card = cluster.change("ada", f"deploy app --revision {first + 2} --no-resolve")
    assert card.text.startswith("✓"), card.text
    assert f"{first + 3} · " in cluster.ask("eve", "stack app")


def test_a_deploy_that_stops_in_the_middle(cluster: Scenario, app: StackFolder) -> None:
    """An engine refuses one object: the card says what is done and what is not, and the next step works as written."""
    app.write(compose(), content_txt="x" * 600_000)
    card = cluster.change("ada", DEPLOY)
    told = card.text.replace("`", "")
    assert told.startswith("✗ *Stack app was not completely deployed in prod*"), told
    assert "✓ network app_inner is created" in told
    assert "secret app_password does not exist. Steps before this one are done, later ones are not." in told
    assert "not started: + creating service app_web: image swarmbot/task:latest; 2 replicas" in told, told
    assert "LOG_LEVEL=info" in told
    plan = cluster.ask("ada", next_order(card.text))
    assert "4 new" in plan, plan
    app.write(compose())
    assert cluster.change("ada", DEPLOY).text.startswith("✓")


def test_a_cancelled_deploy(cluster: Scenario, app: StackFolder) -> None:
    """It no longer waits for a slow update, which Docker continues; the card says how to see what is left."""
    cluster.change("ada", DEPLOY)
    slow = compose()
    web = slow["services"]["web"]
    web["image"], web["deploy"]["update_config"] = OTHER_IMAGE, {"monitor": "1s", "delay": "10m"}
    app.write(slow)
    after = cluster.now
    job = cluster.begin("ada", DEPLOY)
    cluster.see("eve", "1 of 2 tasks updated", after=after)
    cluster.ask("ada", f"cancel {job}")
    card = cluster.end(job)
    assert "Cancelled: " in card.text, card.text
    assert "✓ service app_web is updated" in card.text.replace("`", "")
    assert "The engines go on with it." in card.text
    told = cluster.ask("ada", next_order(card.text.partition("not undone.")[2]))
    assert "No change needed" in told, told
    assert "`app_web` is still being updated (1 of 2 tasks updated, 2 running)" in told, told


def next_order(told: str) -> str:
    """Return the order that a card advises, as somebody would type it."""
    found = re.search(r"/swarm ([^`\n]*?)`? shows what is left", told)
    assert found, told
    return found[1]


def test_undeploy(cluster: Scenario, app: StackFolder) -> None:
    """All objects of the stack are removed, those of others are not; a second time there is nothing to remove."""
    del app
    cluster.change("ada", DEPLOY)
    cluster["host-1"].docker("service", "create", "--detach", "--name", "other", TASK_IMAGE)
    card = cluster.confirmed("ada", "undeploy app", "`app_db` (1 running task) is removed")
    assert card.text.startswith("✓ *Stack `app` is removed in prod*"), card.text
    for what in ("services", "secrets", "configs", "networks"):
        assert names(cluster, what) == set()
    assert inspect(cluster, "other")
    assert "prod has no stack `app`" in cluster.ask("ada", "undeploy app")


@pytest.mark.long
def test_a_service_that_does_not_start_is_reported(cluster: Scenario, app: StackFolder) -> None:
    """The writes are done, the tasks crash: the deploy has failed, with exit code; and so has the same one again."""
    failing = compose()
    failing["services"]["db"]["command"] = ["sh", "-c", "exit 3"]
    app.write(failing)
    card = cluster.change("ada", DEPLOY)
    assert card.text.startswith("✗"), card.text
    assert "exit code 3" in card.text
    told = cluster.ask("ada", DEPLOY)
    assert re.search(r"✗.*\n.*describes it, but `app_db` is not fully running \(0 of 1 task.*exit code 3", told), told
    assert "app_web has the deployed spec: 2 tasks running" in card.text.replace("`", "")
    failing["services"]["db"]["command"] = []
    failing["services"]["web"]["command"] = ["sh", "-c", "exit 4"]
    failing["services"]["web"]["deploy"]["update_config"] = {"monitor": "1s", "failure_action": "rollback"}
    app.write(failing)
    card = cluster.change("ada", DEPLOY)
    assert card.text.startswith("✗"), card.text
    assert "Docker rolled the update back because tasks failed" in card.text
    assert "exit 4" not in str(inspect(cluster, "app_web")["Spec"])


def kept(cluster: Scenario) -> int:
    """Return the number of the last revision of ``app``; 0 if there is none."""
    told = cluster.ask("eve", "stack app").partition("*Revisions*")[2].strip()
    return int(told.split(" ")[0]) if told else 0
