"""The lines of several containers as one log."""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType

from hypothesis import given
from hypothesis import strategies as st

from bot.blocks.limits import SECTION_CHARS
from bot.model import ClusterFacts, ContainerLog, Facts, LogLine, ServiceFacts, TaskFacts, TaskReading
from bot.secrets.secret import Secret
from bot.slack.outbound.payload import reveal
from bot.swarm.services.diagnosis.log_lines import LINE_CHARS, line_blocks, merged_lines
from tests.kits.nodes import worker

TIMES = st.lists(st.integers(0, 9).map(float), max_size=8).map(sorted)


def read(*logs: list[LogLine]) -> tuple[Facts, list[TaskFacts]]:
    """Return facts in which each log is that of a slot of ``web``, with the tasks."""
    tasks = [TaskFacts("web", "n1", "running", wanted=True, slot=n, id=f"t{n}") for n in range(1, len(logs) + 1)]
    node = worker("n1", "host-1")
    swarm = ClusterFacts("c", "host-1", 1, {}, (node,), (ServiceFacts("web", 1, 1, id="web"),), task_list=(*tasks,))
    readings = {f"t{n}": TaskReading(ContainerLog((*lines,))) for n, lines in enumerate(logs, 1)}
    return Facts("prod", 0.0, {}, swarm, task_readings=MappingProxyType(readings)), tasks


@given(st.lists(TIMES, max_size=4))
def test_lines_are_in_the_order_of_their_times(times: list[list[float]]) -> None:
    """Every line once, and those of one task in the order in which it wrote them."""
    logs = [[LogLine(at, f"{number}") for number, at in enumerate(each)] for each in times]
    facts, tasks = read(*logs)
    found = merged_lines(facts, tasks)
    assert [line.at for line in found] == sorted(at for each in times for at in each)
    own: dict[str, list[str]] = defaultdict(list)
    for line in found:
        own[line.source].append(line.text)
    for number, log in enumerate(logs, 1):
        assert own[f"web.{number}@host-1"] == [line.text for line in log]


@given(
    st.lists(st.text(max_size=60) | st.just("&" * 500) | st.just("<" * 900) | st.just("```"), max_size=60),
    st.integers(1, 3),
)
def test_blocks_hold_the_last_lines(lines: list[str], most: int) -> None:
    """Each is within Slack's limit, and a Secret until it is sent."""
    flat = [line.replace("\n", " ").replace("\r", " ") for line in lines]
    blocks, shown = line_blocks(flat, most)
    assert len(blocks) <= most
    assert all(isinstance(block["text"]["text"], Secret) for block in blocks)
    texts = [block["text"]["text"].strip("`") for block in reveal(blocks)]
    assert all(len(text) <= SECTION_CHARS for text in texts)
    assert shown == len(flat) or len(blocks) == most
    if shown and "`" not in flat[-1] and len(flat[-1]) <= LINE_CHARS:
        assert texts[-1].endswith(flat[-1].replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;"))
