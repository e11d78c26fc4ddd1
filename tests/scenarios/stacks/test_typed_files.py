"""`/swarm deploy STACK --file`: a compose file typed into a form, by hand at the local Slack, on real engines."""

from __future__ import annotations

import pytest
import yaml

from sandbox.fleet.image import TASK_IMAGE
from tests.kits.scenario import JOB, ProgressCard, Scenario
from tests.kits.secret_search import Arguments, assert_nowhere
from tests.kits.service_scenario import inspect
from tests.kits.stacks import names

WORDS = "deploy typed --file --no-resolve"
PASSWORD = "tr0ub4dor-of-the-form"  # noqa: S105 - to be searched for


def compose(replicas: int = 1) -> str:
    """Return a compose file as somebody types it."""
    web = {"image": TASK_IMAGE, "environment": {"DB_PASSWORD": PASSWORD}, "deploy": {"replicas": replicas}}
    return yaml.safe_dump({"version": "3.8", "services": {"web": web}})


def enter(cluster: Scenario, text: str) -> int:
    """Type the command as ada, enter the file, and return the place in the transcript before it."""
    after = cluster.now
    cluster.slack.slash("ada", "prod", WORDS)
    cluster.fill("ada", text=text)
    return after


def job_of(cluster: Scenario, after: int) -> str:
    """Return the job that the submitted form names, and close the form."""
    found = JOB.search(cluster.see("ada", "is job", after=after, private=True).text)
    assert found
    cluster.slack.close_view("ada")
    return found[1]


def deployed(cluster: Scenario, text: str) -> ProgressCard:
    """Deploy a file that a second person approves, and return the card of its end."""
    after = enter(cluster, text)
    job = job_of(cluster, after)
    asked = cluster.see("cleo", "[Approve]", after=after)
    cluster.slack.click("cleo", asked, "Approve")
    cluster.see("ada", f"`{job}`: ✓ *Approved*", after=after, private=True)  # otherwise it is taken for a later answer
    return cluster.end(job, after=asked.number)


def test_a_typed_file_is_deployed_and_kept(cluster: Scenario) -> None:
    """A stack that swarmbot.yml does not list can be deployed. Its revision is the way back, and shows drift."""
    card = deployed(cluster, compose())
    assert card.text.startswith("✓ *Stack `typed` is deployed in prod*"), card.text
    assert "the typed compose file" in card.text
    assert "kept as revision 1" in card.text
    assert inspect(cluster, "typed_web")["Spec"]["Mode"] == {"Replicated": {"Replicas": 1}}
    assert "is as revision 1 describes it" in cluster.ask("ada", "stack typed --diff")
    assert deployed(cluster, compose(2)).text.startswith("✓")
    card = cluster.change("ada", "deploy typed --revision 1 --no-resolve")  # what was approved once
    assert card.text.startswith("✓"), card.text
    assert inspect(cluster, "typed_web")["Spec"]["Mode"] == {"Replicated": {"Replicas": 1}}
    told = cluster.ask("ada", "deploy typed")
    assert "`typed` is not a stack of prod in swarmbot.yml" in told
    assert "`/swarm deploy typed --file` takes its compose file in a form" in told


def test_retry_is_about_the_same_file(cluster: Scenario) -> None:
    """It need not be entered again; what was created is no change, and is still not running."""
    web = {"image": TASK_IMAGE, "command": ["sh", "-c", "exit 3"]}
    card = deployed(cluster, yaml.safe_dump({"version": "3.8", "services": {"web": web}}))
    assert card.text.startswith("✗"), card.text
    assert "exit code 3" in card.text
    after = cluster.now
    cluster.slack.click("ada", card.seen, "Retry")
    told = cluster.answer("ada", after).text
    assert "Stack `typed` is as the typed compose file describes it, but `typed_web` is not fully running" in told, told


def test_an_error_is_shown_where_it_can_be_fixed(cluster: Scenario) -> None:
    """YAML that does not parse at the field, with the line; what only Docker's command line knows in the answer."""
    after = enter(cluster, "services:\n  web: [\n")
    assert "line 3: not valid YAML" in cluster.see("ada", "not valid YAML", after=after, private=True).text
    cluster.fill("ada", text="version: '3.8'\nservices:\n  web:\n    image: x\n    replica: 2\n")
    told = cluster.see("ada", "Additional property", after=after, private=True).text
    assert "does not accept the typed compose file: line 5: services.web Additional property replica" in told
    cluster.slack.close_view("ada")
    assert names(cluster, "services") == set()


@pytest.mark.parametrize(
    ("web", "told"),
    [
        ({"env_file": "/etc/passwd"}, "`services.web.env_file` is `/etc/passwd`, which is not permitted"),
        ({"env_file": "../swarmbot.yml"}, "is `../swarmbot.yml`, which is not permitted"),
        ({"env_file": "app/compose.yml"}, "names the file `app/compose.yml`, and a typed one has no other files"),
        ({"environment": {"A": "${SLACK_BOT_TOKEN}"}}, "uses `${SLACK_BOT_TOKEN}` (line 4) without a value"),
        ({"volumes": ["./data:/data"]}, "has a relative path"),
    ],
)
def test_a_typed_file_gets_nothing_of_the_bot(cluster: Scenario, web: dict[str, object], told: str) -> None:
    """The same checks as of a file on disk; there are no other files beside it."""
    text = yaml.safe_dump({"services": {"web": {**web, "image": TASK_IMAGE}}, "version": "3.8"})
    after = enter(cluster, text)
    assert told in cluster.see("ada", "Nothing was changed", after=after, private=True).text
    cluster.slack.close_view("ada")


def test_a_second_person_approves_the_typed_file(cluster: Scenario) -> None:
    """Though this bot waives it for listed stacks. They see what it changes; the file's password is nowhere."""
    arguments = Arguments()
    arguments.start()
    try:
        after = enter(cluster, compose())
        job_of(cluster, after)
        card = cluster.see("cleo", "[Approve]", after=after)
        assert "creating service typed_web" in card.text.replace("`", "")
        assert names(cluster, "services") == set()
        cluster.approve("cleo", after)
        assert names(cluster, "services") == {"typed_web"}
    finally:
        seen = arguments.stop()
    assert PASSWORD in str(inspect(cluster, "typed_web")["Spec"])
    cluster.ask("ada", "audit")
    told = "\n".join(entry.text for entry in cluster.slack.transcript(after) if entry.kind != "typed")
    assert_nowhere(cluster, PASSWORD, arguments=seen, told=told)
