"""Compose files that are refused, and what they are made of: other files, variables, a git repository, images."""

from __future__ import annotations

from sandbox.fleet.image import TASK_IMAGE
from tests.kits.git_repository import commit
from tests.kits.scenario import Scenario
from tests.kits.service_scenario import inspect
from tests.kits.stacks import DEPLOY, StackFolder, compose, names, standing


def test_what_docker_refuses_or_ignores_is_found_before(cluster: Scenario, app: StackFolder) -> None:
    """A config that the stack did not create, a missing network, invalid files: refused, and nothing is changed."""
    cluster.change("ada", DEPLOY)
    before = standing(cluster)
    cluster["host-1"].run("sh", "-c", "echo other | docker config create settings_v2 -")
    renamed = compose()
    renamed["configs"]["settings"]["name"] = "settings_v2"
    app.write(renamed)
    told = cluster.ask("ada", DEPLOY)
    assert "has another content for the config `settings_v2`, which stack `app` did not create" in told
    external = compose()
    external["networks"]["inner"] = {"external": True, "name": "elsewhere"}
    app.write(external)
    assert 'network "elsewhere" is declared as external, but could not be found' in cluster.ask("ada", DEPLOY)
    app.write("version: '3.8'\nservices:\n  web:\n    image: x\n    replica: 2\n")
    assert "line 5: services.web Additional property replica is not allowed" in cluster.ask("ada", DEPLOY)
    app.write("services:\n  web:\n  image: [\n")
    assert "line 4" in cluster.ask("ada", DEPLOY)
    attachable = compose()
    attachable["networks"]["inner"]["attachable"] = True
    app.write(attachable)
    told = cluster.ask("ada", DEPLOY)
    assert "No change needed" in told
    assert "Network `app_inner` stays as it is, unlike the compose file (Attachable `False`, not `True`)" in told
    assert standing(cluster) == before


def test_a_compose_file_gets_nothing_of_the_bot(cluster: Scenario, app: StackFolder) -> None:
    """Its variables, the files outside of its folder, and links out of it are refused."""
    cases = {
        "${SLACK_BOT_TOKEN}": {"image": TASK_IMAGE, "environment": {"A": "${SLACK_BOT_TOKEN}"}},
        "services.web.env_file": {"image": TASK_IMAGE, "env_file": "/etc/passwd"},
        "services.web.env_file.0": {"image": TASK_IMAGE, "env_file": ["../../swarmbot.yml"]},
        "it leads out of this folder": {"image": TASK_IMAGE, "env_file": "link.env"},
        "has a relative path": {"image": TASK_IMAGE, "volumes": ["./data:/data"]},
    }
    (app.folder / "link.env").unlink(missing_ok=True)
    (app.folder / "link.env").symlink_to("/etc/hostname")
    for expected, web in cases.items():
        app.write({"version": "3.8", "services": {"web": web}})
        told = cluster.ask("ada", DEPLOY)
        assert expected in told, told
    app.write({"version": "3.8", "services": {"web": {"image": TASK_IMAGE, "environment": ["SLACK_BOT_TOKEN"]}}})
    cluster.change("ada", DEPLOY)
    assert "xoxb" not in str(inspect(cluster, "app_web"))
    assert names(cluster, "services") == {"app_web"}


def test_a_stack_from_git(cluster: Scenario) -> None:
    """The ref is fetched for each plan, and its commit is named. Variables come from swarmbot.yml."""
    repository = cluster.deployment.folder / "shop"
    text = "version: '3.8'\nservices:\n  api:\n    image: swarmbot/task:${TAG}\n"
    made = commit(repository, "deploy/compose.yml", text)
    card = cluster.change("ada", "deploy shop --no-resolve")
    assert card.text.startswith("✓"), card.text
    assert f"commit `{made[:7]}`" in card.text
    assert inspect(cluster, "shop_api")["Spec"]["TaskTemplate"]["ContainerSpec"]["Image"] == TASK_IMAGE
    commit(repository, "deploy/compose.yml", f"{text}    user: '1'\n")
    assert "user `1` added" in cluster.ask("ada", "deploy shop --no-resolve --plan")
    assert "is not a stack of prod in swarmbot.yml. Did you mean `shop`?" in cluster.ask("ada", "deploy shopp")


def test_an_image_without_a_digest_is_refused(cluster: Scenario, app: StackFolder) -> None:
    """No registry answers here, so each node could run another image by that name."""
    del app
    told = cluster.ask("ada", "deploy app")
    assert f"No registry gave the digest of `{TASK_IMAGE}`" in told
    assert names(cluster, "networks") == set()
