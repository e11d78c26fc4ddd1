"""What an edit requested that changes nothing, in words. Pure."""

from __future__ import annotations

from bot.blocks import tick
from bot.swarm.services.spec.spec_edit import SpecEdit, plain_constraint
from bot.text.durations import write_duration
from bot.text.sizes import write_size
from bot.text.suggest import listed, number_of


def already_set_text(edit: SpecEdit) -> str:
    """Return what a service has already: "image `web:1` and no label `tier`". Values of variables are not shown."""
    found = [f"image {tick(edit.image)}"] if edit.image else []
    found += [number_of(edit.replicas, "replica")] if edit.replicas is not None else []
    for words, given, removed in (
        ("environment variable", edit.env, edit.env_rm),
        ("label", edit.label, edit.label_rm),
    ):
        found += [f"{words} {tick(name)} with this value" for name, _ in given]
        found += [f"no {words} {tick(name)}" for name in removed]
    found += [f"constraint {tick(plain_constraint(each))}" for each in edit.constraint]
    found += [f"no constraint {tick(plain_constraint(each))}" for each in edit.constraint_rm]
    return listed([*found, *_resources(edit), *_policy(edit)])


def _resources(edit: SpecEdit) -> list[str]:
    found = []
    for words, cpu, memory in (
        ("limit", edit.limit_cpu, edit.limit_memory),
        ("reservation", edit.reserve_cpu, edit.reserve_memory),
    ):
        if cpu is not None:
            found.append(f"CPU {words} {tick(f'{cpu:g} CPU')}" if cpu else f"no CPU {words}")
        if memory is not None:
            found.append(f"memory {words} {tick(write_size(memory))}" if memory else f"no memory {words}")
    return found


def _policy(edit: SpecEdit) -> list[str]:
    parallelism, delay, monitor = edit.update_parallelism, edit.update_delay, edit.update_monitor
    settings = (
        ("parallelism", "" if parallelism is None else str(parallelism or "all at once")),
        ("delay", "" if delay is None else write_duration(delay)),
        ("order", edit.update_order),
        ("failure action", edit.update_failure_action),
        ("monitor", "" if monitor is None else write_duration(monitor)),
    )
    return [f"update {words} {tick(value)}" for words, value in settings if value]
