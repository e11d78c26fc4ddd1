"""Placement constraints: whether a node meets them, and what changes that (SwarmKit's constraint package). Pure."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable, Iterator
from typing import Final

from bot.blocks import tick
from bot.model import NodeFacts
from bot.swarm.services.placement.obstacle import Obstacle

NODE_LABEL: Final = "node.labels."
ENGINE_LABEL: Final = "engine.labels."
_CONSTRAINT: Final = re.compile(r"\s*(?P<key>[^\s=!]+)\s*(?P<how>==|!=)\s*(?P<value>.*?)\s*")
_TYPED: Final = re.compile(r"[\w.:/@+-]+")
"""A label's key and value that can be typed as they are."""


def unmet_constraints(node: NodeFacts, constraints: Iterable[str], name: str = "") -> Iterator[Obstacle]:
    """Yield what keeps a node from meeting constraints; ``name`` is what a command calls it."""
    read = [found for each in constraints if (found := _CONSTRAINT.fullmatch(each))]
    labels = {_label(found) for found in read if found["how"] == "=="}
    for constraint in read:
        shown = tick(f"{constraint['key']}{constraint['how']}{constraint['value']}")
        met = _met(node, constraint["key"], constraint["how"], constraint["value"])
        if met is None:
            yield Obstacle("constraints", f"unknown whether it meets {shown}", known=False)
        elif not met and (label := _label(constraint)):
            text, change = _unmet_label(node, label, constraint["value"], wanted=constraint["how"] == "==")
            replaced = constraint["how"] == "!=" and label in labels  # the requested label replaces it
            fix = f"label {name or node.name} {change}" if change and not replaced else ""
            has = node.labels.get(label, "") if fix else ""
            yield Obstacle("constraints", text, fix, _without(constraint), overwrites=f"{label}={has}" if has else "")
        elif not met:
            yield Obstacle("constraints", f"does not meet {shown}", "", _without(constraint))


def _without(found: re.Match[str]) -> str:
    """Return the flag that removes a constraint; "" if it needs quotes."""
    constraint = f"{found['key']}{found['how']}{found['value']}"
    return f"--constraint-rm {constraint}" if _TYPED.fullmatch(found["value"]) else ""


def _label(found: re.Match[str]) -> str:
    """Return the label of a node that a constraint is about; "" if it is about something else."""
    return found["key"][len(NODE_LABEL) :] if found["key"].lower().startswith(NODE_LABEL) else ""


def _unmet_label(node: NodeFacts, label: str, value: str, *, wanted: bool) -> tuple[str, str]:
    """Return what is wrong with a node's label, and the words of ``label`` that change it; "" if they need quotes."""
    has, typed = node.labels.get(label, ""), _TYPED.fullmatch(label) and _TYPED.fullmatch(value)
    if not wanted:
        return f"has the label {tick(f'{label}={has}')}", f"--remove {label}" if typed else ""
    other = f" (has {tick(f'{label}={has}')})" if has else ""
    return f"no label {tick(f'{label}={value}')}{other}", f"{label}={value}" if typed else ""


def _met(node: NodeFacts, key: str, how: str, value: str) -> bool | None:
    """Return whether a node meets a constraint; None if the facts do not say. Upper and lower case are the same.

    A missing label counts as empty. No node meets a constraint on a key that SwarmKit does not know.
    """
    if key.lower() == "node.ip":
        return _meets_address(node.address, how, value)
    known = _value(node, key)
    if known is None:
        return None if _is_known_key(key) else False
    return (known.casefold() == value.casefold()) == (how == "==")


def _value(node: NodeFacts, key: str) -> str | None:
    """Return the value of a constraint's key on a node; None if the facts do not have it."""
    if key.lower().startswith(NODE_LABEL):
        return node.labels.get(key[len(NODE_LABEL) :], "")
    own = {"node.id": node.id, "node.hostname": node.hostname, "node.role": node.role}
    if node.description is not None:
        if key.lower().startswith(ENGINE_LABEL):
            return node.description.labels.get(key[len(ENGINE_LABEL) :], "")
        own |= {"node.platform.os": node.description.os, "node.platform.arch": node.description.architecture}
    return own.get(key.lower())


def _is_known_key(key: str) -> bool:
    return key.lower() in {"node.platform.os", "node.platform.arch"} or key.lower().startswith(ENGINE_LABEL)


def _meets_address(address: str, how: str, value: str) -> bool | None:
    """Return whether an address is, or is in, the address or network ``value``; no node meets a malformed one."""
    try:
        network = ipaddress.ip_network(value, strict=False)
    except ValueError:
        return False
    try:
        return (ipaddress.ip_address(address) in network) == (how == "==")
    except ValueError:
        return None
