"""Reads the files of tests/plans: the cases of each command, the states that they name, and the plans' titles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.kits.yaml_file import read_yaml

HERE: Final = Path(__file__).parent
OUTCOMES: Final = {"plan", "answer", "refused", "not understood", "failed"}
OTHER: Final = {"words", "needs", "approval", "state"}


def _files() -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted((HERE / "cases").rglob("*.yml")):
        found[str(path.relative_to(HERE / "cases").with_suffix(""))] = read_yaml(path)
    return found


GROUPS: Final[dict[str, dict[str, dict[str, Any]]]] = read_yaml(HERE / "states.yml")
STATES: Final = {name: state for group in GROUPS.values() for name, state in group.items()}
TITLES: Final[dict[str, dict[str, str]]] = read_yaml(HERE / "titles.yml")
FILES: Final = _files()


def cases() -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield each case with its name and with what is given for its whole file."""
    for file, content in FILES.items():
        for name, case in content["cases"].items():
            yield f"{file}: {name}", content.get("given", {}), case


def described(given: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the description of a case's facts: from its state, its file and itself. Hosts are merged."""
    state = STATES[case["state"]] if "state" in case else {}
    layers = [state, given, {key: case[key] for key in case.keys() - OTHER - OUTCOMES}]
    merged = {key: value for layer in layers for key, value in layer.items() if key != "about"}
    if "hosts" in merged:
        hosts = {name: host for layer in layers for name, host in layer.get("hosts", {}).items()}
        merged["hosts"] = {name: host for name, host in hosts.items() if host is not None}
    return merged
