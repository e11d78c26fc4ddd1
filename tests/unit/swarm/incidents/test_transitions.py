"""Properties of incidents over any course of signals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from itertools import count, permutations
from typing import Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.model.incident import Acknowledgement, Incident, Silence, WatchState
from bot.stored_json import from_json, to_json
from bot.swarm.incidents.observation import nothing_read
from bot.swarm.incidents.transitions import advance
from tests.kits.examples import examples
from tests.kits.signal_readings import KEYS, PLAIN, SAID, SHOWN, SIGNALS, TURN, TURNS, Course, Said, Turn

MINUTE_S: Final = 60.0
FIRST_TIME: Final = re.compile(r"^[^<\n]*<!date\^(\d+)\^", re.MULTILINE)
"""The time that a line of a thread begins with."""


def _open(state: WatchState) -> list[Incident]:
    return [incident for incident in state.incidents if incident.open]


@given(TURNS)
@settings(max_examples=examples(300), deadline=None)
def test_no_signal_is_lost(turns: list[Turn]) -> None:
    """What holds is part of exactly one open incident, or waits because it has not held long enough."""
    course = Course()
    for turn in turns:
        course.at += turn.after_s
        seen = turn.seen(course.at)
        course.step(seen)
        tracked = Counter(
            each.signal.key for incident in _open(course.state) for each in incident.tracked if not each.over_at
        )
        waiting = {each.signal.key: each for each in course.state.waiting}
        for signal in seen.signals:
            assert tracked[signal.key] + (signal.key in waiting) == 1
            if signal.key in waiting:
                assert course.at - waiting[signal.key].first_seen < signal.holds_s
        assert all(each.tracked for each in course.state.incidents)


@given(TURNS)
@settings(max_examples=examples(300), deadline=None)
def test_every_incident_is_told_once_and_ends_once(turns: list[Turn]) -> None:
    """It is posted once, within the time in which incidents are grouped, and its ends and beginnings alternate."""
    course = Course()
    posted: Counter[str] = Counter()
    actions: dict[str, list[str]] = {}
    for turn in (*turns, Turn(PLAIN.group_wait_s, frozenset(), only_time=True)):
        course.at += turn.after_s
        stepped = course.step(turn.seen(course.at))
        posted.update(each.id for each in stepped.told if each.told_at == course.at)
        for entry in stepped.entries:
            actions.setdefault(entry.incident, []).append(entry.action.removeprefix("incident "))
        assert {note.incident for note in stepped.noted} <= set(posted), "a thread begins with its message"
    for incident in course.state.incidents:
        assert posted[incident.id] == 1
        told = actions[incident.id]
        assert told[0] == "opened"
        assert all((each == "resolved") == bool(place % 2) for place, each in enumerate(told))
    assert max(posted.values(), default=1) == 1


@given(st.lists(st.tuples(TURN, SAID), min_size=1, max_size=25))
@settings(max_examples=examples(300), deadline=None)
def test_silences_and_jobs_keep_incidents_quiet(course: list[tuple[Turn, Said]]) -> None:
    """Nothing is posted that is silenced or planned; what was posted is reported once, and its end is reported once."""
    state, at, ids = WatchState(), 1000.0, count()
    posted: Counter[str] = Counter()
    actions: dict[str, list[str]] = {}
    silences: list[Silence] = []
    for turn, said in course:
        at += turn.after_s
        silences = [each for each in silences if at < each.until]
        if said.silenced:
            silences.append(Silence(f"s{at:.0f}", "prod", said.silenced, at + 30.0, "U0ADA", "why"))
        opened = [Acknowledgement(each.id, "U0ADA", at) for each in state.incidents if said.acknowledged]
        for number in range(2):
            stepped = advance(
                state,
                turn.seen(at),
                silences=silences,
                work=said.work,
                settings=PLAIN,
                new_id=lambda: f"i{next(ids)}",
                acknowledged=opened,
                quiet=said.quiet,
            )
            assert not number or (stepped.told, stepped.noted, stepped.entries, stepped.state) == ((), (), (), state)
            state = stepped.state
            subjects = {silence.subject for silence in silences}
            for incident in stepped.told:
                posted[incident.id] += incident.told_at == at
                root = incident.root_signal
                if incident.told_at == at and root.kind != "quorum lost":
                    assert not said.quiet
                    assert not subjects & {"all", root.subject}
            for entry in stepped.entries:
                actions.setdefault(entry.incident, []).append(entry.action.removeprefix("incident "))
    assert max(posted.values(), default=1) == 1
    for told in actions.values():
        after = [each for each in told if each != "silenced"]
        assert all((each == "resolved") == bool(place % 2) for place, each in enumerate(after))


SilencedCourse = list[tuple[Turn, Said, bool, bool]]


def _stepped(course: SilencedCourse) -> Iterator[WatchState]:
    """Yield the state after each turn; the flags are whether all is unsilenced, and whether watch restarts."""
    state, at, ids = WatchState(), 1000.0, count()
    silences: list[Silence] = []
    for turn, said, unsilenced, restarted in course:
        at += turn.after_s
        silences = [] if unsilenced else [each for each in silences if at < each.until]
        if said.silenced:
            silences.append(Silence(f"s{at:.0f}", "prod", said.silenced, at + 300.0, "U0ADA", "why"))
        state = advance(
            from_json(WatchState, to_json(state)) if restarted else state,
            turn.seen(at),
            silences=silences,
            work=said.work,
            settings=PLAIN,
            new_id=lambda: f"i{next(ids)}",
            acknowledged=[Acknowledgement(each.id, "U0ADA", at) for each in state.incidents if said.acknowledged],
            quiet=said.quiet,
        ).state
        yield state


@given(st.lists(st.tuples(TURN, SAID, st.booleans(), st.booleans()), min_size=1, max_size=25))
@settings(max_examples=examples(600), deadline=None)
def test_no_two_open_incidents_have_one_root(course: SilencedCourse) -> None:
    """For any silences, ends of silences and restarts."""
    for state in _stepped(course):
        roots = [each.root for each in _open(state)]
        assert len(roots) == len(set(roots))


def test_a_host_that_is_silent_before_its_node_is_down_has_one_open_incident() -> None:
    """Although it is silenced all the time."""
    course = [
        (Turn(1.0, frozenset({0})), Said("host-1"), False, False),
        (Turn(10.0, frozenset({0})), Said(), False, False),
        (Turn(60.0, frozenset({0})), Said(), False, False),
        (Turn(10.0, frozenset({0, 1})), Said(), False, False),
    ]
    for state in _stepped(course):
        assert len(_open(state)) <= 1


@given(TURNS)
@settings(max_examples=examples(200), deadline=None)
def test_messages_are_edited_seldom(turns: list[Turn]) -> None:
    """A message is edited three times a minute at most, its end included."""
    course = Course()
    edits: dict[str, list[float]] = {}
    for turn in turns:
        course.at += turn.after_s
        for incident in course.step(turn.seen(course.at)).told:
            edits.setdefault(incident.id, []).append(course.at)
            recent = [at for at in edits[incident.id][1:] if course.at - at < MINUTE_S]
            assert len(recent) <= 3


@given(TURNS)
@example([Turn(1.0, frozenset({3})), *[Turn(2.0, frozenset({3, 4}))] * 4])  # the cause holds long enough last
@settings(max_examples=examples(200), deadline=None)
def test_the_lines_of_a_thread_are_in_the_order_of_their_times(turns: list[Turn]) -> None:
    """No line begins with an earlier time than one above it, in the same note or an earlier one."""
    course = Course()
    for turn in turns:
        course.at += turn.after_s
        course.step(turn.seen(course.at))
    for incident in course.state.incidents:
        notes = [note.text for step in course.steps for note in step.noted if note.incident == incident.id]
        times = [float(found[1]) for text in notes for found in FIRST_TIME.finditer(text)]
        assert times == sorted(times)


@given(TURNS)
@settings(max_examples=examples(200), deadline=None)
def test_what_was_not_read_ends_nothing(turns: list[Turn]) -> None:
    """A signal ends only in a reading that could have shown it."""
    course = Course()
    for turn in turns:
        course.at += turn.after_s
        seen = turn.seen(course.at)
        course.step(seen)
        for incident in course.state.incidents:
            for each in incident.tracked:
                if each.over_at == course.at:
                    assert each.signal.kind in seen.read
                    assert each.signal.key not in seen.unread


@given(TURNS, st.sets(st.integers(0, 24)))
@settings(max_examples=examples(200), deadline=None)
def test_a_restart_changes_nothing(turns: list[Turn], restarts: set[int]) -> None:
    """State that was stored and read behaves as if it had not been."""
    whole, cut = Course(), Course()
    for place, turn in enumerate(turns):
        whole.at += turn.after_s
        cut.at += turn.after_s
        one = whole.step(turn.seen(whole.at))
        if place in restarts:
            cut.state = from_json(WatchState, to_json(cut.state))
        assert cut.step(turn.seen(cut.at)) == one


@given(TURNS)
@settings(max_examples=examples(200), deadline=None)
def test_the_same_reading_twice_is_told_once(turns: list[Turn]) -> None:
    """A second step with the same observation reports nothing and changes nothing."""
    course = Course()
    for turn in turns:
        course.at += turn.after_s
        seen = turn.seen(course.at)
        first = course.step(seen)
        again = course.step(seen)
        assert (again.told, again.noted, again.entries, again.state) == ((), (), (), first.state)


@given(TURNS, st.permutations(range(len(SIGNALS))))
@settings(max_examples=examples(200), deadline=None)
def test_the_order_within_a_reading_does_not_matter(turns: list[Turn], order: list[int]) -> None:
    """Hosts answer in any order: the incidents are the same."""
    one, other = Course(), Course()
    for turn in turns:
        one.at += turn.after_s
        other.at += turn.after_s
        assert one.step(turn.seen(one.at)) == other.step(turn.seen(other.at, order))


@given(SHOWN)
@settings(max_examples=examples(100), deadline=None)
def test_the_order_of_readings_does_not_matter(shown: frozenset[int]) -> None:
    """Readings that each show one signal make incidents with the same roots in any order."""
    found, roots = set(), set()
    for order in list(permutations(sorted(shown)))[:24]:
        course = Course()
        for place in order:
            rest = frozenset(key for key in KEYS if key != KEYS[place])
            course.step(Turn(0.0, frozenset({place}), unread=rest).seen(course.at))
        course.at += 30.0
        course.step(Turn(0.0, shown).seen(course.at))
        found.add(frozenset(each.signal.key for incident in _open(course.state) for each in incident.tracked))
        roots.add(frozenset(incident.root for incident in _open(course.state)))
    assert len(found) <= 1
    assert len(roots) <= 1


FLAPS: Final = [Turn(1.0, frozenset(signals)) for signals in ((0, 1), (), (0, 1), (), (0, 1))]


@given(TURNS)
@example([*FLAPS, *(Turn(after_s, frozenset()) for after_s in (24.0, 60.0, 60.0, 60.0, 60.0, 1.0, 20.0))])
@settings(max_examples=examples(100), deadline=None)
def test_a_step_is_due_when_time_alone_changes_something(turns: list[Turn]) -> None:
    """Before it is due, a step in which only time passes reports nothing."""
    course = Course()
    course.run(turns)
    due = course.steps[-1].due
    assert due == 0.0 or due > course.at
    before = min(due, course.at + 3600.0) - 0.01 if due else course.at + 3600.0
    quiet = course.step(nothing_read("prod", max(before, course.at)))
    assert (quiet.told, quiet.noted, quiet.entries) == ((), (), ())
