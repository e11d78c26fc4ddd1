"""A service's spec in words, a line for each subject that it sets. Pure.

Everything in a spec is text from outside. What looks like a secret is masked; secrets and configs are shown by name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any, Final

from bot.blocks import cut_short, plain_line, tick
from bot.model import ClusterFacts, Port, ServiceFacts
from bot.model.service import NANOSECONDS, STACK_LABEL
from bot.swarm.services.spec.masked import masked_mapping, masked_pairs, masked_words
from bot.swarm.services.spec.setting_words import check_times
from bot.swarm.services.spec.spec_changes import spec_changes
from bot.text.durations import write_duration
from bot.text.image_names import registry_host
from bot.text.suggest import listed, number_of

Json = Mapping[str, Any]
MAX_LINE_CHARS: Final = 2500
"""The most characters of a list, for example of environment variables, labels or mounts; the rest are counted."""
MAX_NEW_CHARS: Final = 600
"""The most characters of a list for a service that is to be created: all its lists share one line."""
MAX_VALUE_CHARS: Final = 200
MAX_COMMAND_CHARS: Final = 500
MIB: Final = 1024 * 1024
DIGEST_CHARS: Final = len("sha256:") + 12
DEFAULT_MONITOR_NS: Final = 5 * NANOSECONDS
DEFAULT_DELAY_NS: Final = 5 * NANOSECONDS
"""Docker's defaults for the time after which a task of an update counts as good, and between restarts."""
_TOLD_OF_TEMPLATE: Final = frozenset(
    {"ContainerSpec", "Resources", "RestartPolicy", "Placement", "Networks", "LogDriver", "ForceUpdate"}
)
_TOLD_OF_CONTAINER: Final = frozenset(
    {"Image", "Command", "Args", "User", "Dir", "Hostname", "ReadOnly", "CapabilityAdd", "CapabilityDrop", "Mounts"}
    | {"Healthcheck", "StopSignal", "StopGracePeriod", "Secrets", "Configs", "Env", "Labels"}
)
"""The keys that have words of their own. All others are shown by their names."""
FAILURE_ACTIONS: Final = {"pause": "pauses it", "continue": "does not stop it", "rollback": "rolls it back"}


def spec_lines(swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return the lines. The facts must have been read with networks, otherwise these are shown by their ids."""
    subjects = {
        "Image": _image(service.image),
        "Command": _words(service.container.get("Command")),
        "Arguments": _words(service.container.get("Args")),
        "Runs as": _runs_as(service.container),
        "Ports": ", ".join(tick(port_text(port)) for port in service.ports),
        "Networks": _networks(swarm, service),
        "Mounts": _several(map(_mount, service.container.get("Mounts") or ())),
        "Resources": _resources(service.template.get("Resources") or {}),
        "Health check": _health(service.container.get("Healthcheck")),
        "Placement": _placement(service.template.get("Placement") or {}),
        "Restart": "" if service.is_global and service.is_job else _restart(service),
        "Update": "" if service.is_job else _policy(service.spec.get("UpdateConfig") or {}),
        "Rollback": "" if service.is_job else _policy(service.spec.get("RollbackConfig") or {}),
        "Stop": _stop(service),
        "Secrets": _several(_reference(each, "Secret") for each in service.container.get("Secrets") or ()),
        "Configs": _several(_reference(each, "Config") for each in service.container.get("Configs") or ()),
        "Environment": _several(_ticked(masked_pairs(service.container.get("Env") or ()))),
        "Labels": _several(_ticked(masked_mapping(_own_labels(service.spec)))),
        "Container labels": _several(_ticked(masked_mapping(_own_labels(service.container)))),
        "Log driver": _driver(service.template.get("LogDriver")),
        "Other settings": _several(_others(service.template)),
    }
    return [f"*{subject}* {text}" for subject, text in subjects.items() if text]


def new_service_words(swarm: ClusterFacts, service: ServiceFacts) -> list[str]:
    """Return what a service that does not exist yet is and may do, subject by subject; the most important first.

    Docker's defaults are omitted, and how updates, rollbacks and stops work.
    """
    container, template = service.container, service.template
    count = number_of(service.replicas, "replica") if service.mode == "replicated" else mode_text(service)
    subjects = {
        "mounts": _short(map(_mount, container.get("Mounts") or ())),
        "runs as": _runs_as(container),
        "command": _words(container.get("Command")),
        "arguments": _words(container.get("Args")),
        "other settings": _short(_others(template)),
        "ports": _short(tick(port_text(port)) for port in service.ports),
        "networks": _networks(swarm, service, MAX_NEW_CHARS),
        "secrets": _short(_reference(each, "Secret") for each in container.get("Secrets") or ()),
        "configs": _short(_reference(each, "Config") for each in container.get("Configs") or ()),
        "placement": _placement(template.get("Placement") or {}) if template.get("Placement") else "",
        "health check": _health(container["Healthcheck"]) if container.get("Healthcheck") else "",
        "resources": _resources(template.get("Resources") or {}),
        "environment": _short(_ticked(masked_pairs(container.get("Env") or ()))),
    }
    known = [f"{subject} {text}" for subject, text in subjects.items() if text]
    return [f"image {tick(plain_line(service.image))}", count, *known]


def short_image(image: str) -> str:
    """Return an image for a list: without its registry's host, and without its digest if it has a tag."""
    name, _, digest = image.partition("@")
    short = name.partition("/")[2] if registry_host(name) else name
    has_tag = ":" in short.rpartition("/")[2]
    return short if has_tag or not digest else f"{short}@{digest[:DIGEST_CHARS]}"


def port_text(port: Port) -> str:
    """Return ``8080→80/tcp``, with "host" for a port of each task's node."""
    published = str(port.published) if port.published else "(not assigned)"
    return f"{'host ' if port.on_host else ''}{published}→{port.target}/{port.protocol}"


def mode_text(service: ServiceFacts) -> str:
    """Return the mode; for a job also how many tasks run at once."""
    if service.mode == "replicated job":
        return f"replicated job, {service.concurrent} at once"
    return service.mode


def _image(image: str) -> str:
    name, _, digest = image.partition("@")
    return tick(name) + (f" · digest {tick(digest)}" if digest else " · not pinned to a digest") if image else ""


def _words(words: Sequence[str] | None) -> str:
    return tick(cut_short(" ".join(masked_words(words)), MAX_COMMAND_CHARS)) if words else ""


def _runs_as(container: Json) -> str:
    parts = [
        f"user {tick(container['User'])}" if container.get("User") else "",
        f"in {tick(container['Dir'])}" if container.get("Dir") else "",
        f"host name {tick(container['Hostname'])}" if container.get("Hostname") else "",
        "read-only root file system" if container.get("ReadOnly") else "",
        f"added capabilities {listed(map(tick, container['CapabilityAdd']))}" if container.get("CapabilityAdd") else "",
        f"dropped capabilities {listed(map(tick, container['CapabilityDrop']))}"
        if container.get("CapabilityDrop")
        else "",
    ]
    return " · ".join(filter(None, parts))


def _networks(swarm: ClusterFacts, service: ServiceFacts, max_chars: int = MAX_LINE_CHARS) -> str:
    names = {network.id: network.name for network in swarm.networks}
    attached = service.template.get("Networks") or service.spec.get("Networks") or ()
    mode = (service.spec.get("EndpointSpec") or {}).get("Mode") or "vip"
    shown = [_network(each, names) for each in attached]
    return _several(shown, max_chars) + (" · DNS round robin, no virtual IP" if mode == "dnsrr" else "")


def _network(attached: Json, names: Mapping[str, str]) -> str:
    target = str(attached.get("Target", ""))
    aliases = attached.get("Aliases") or ()
    also = f" (as {listed(map(tick, aliases))})" if aliases else ""
    return tick(names.get(target, target)) + also


def _mount(mount: Json) -> str:
    kind, source = str(mount.get("Type") or "volume"), str(mount.get("Source") or "")
    options = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    parts = [plain_line(kind), tick(source) if source else "", f"at {tick(str(mount.get('Target', '')))}"]
    parts += ["read-only"] if mount.get("ReadOnly") else ["writable"] if kind == "bind" else []
    parts += [f"driver {tick(str(options['Name']))}"] if options.get("Name") else []
    if options.get("Options"):
        parts += ["with", *_ticked(masked_mapping(options["Options"]))]
    return " ".join(filter(None, parts))


def _resources(resources: Json) -> str:
    shown = {
        "reserves": _amounts(resources.get("Reservations") or {}),
        "limited to": _amounts(resources.get("Limits") or {}),
    }
    return " · ".join(f"{word} {amounts}" for word, amounts in shown.items() if amounts)


def _amounts(amounts: Json) -> str:
    parts = [f"{amounts['NanoCPUs'] / NANOSECONDS:g} CPU"] if amounts.get("NanoCPUs") else []
    parts += [f"{amounts['MemoryBytes'] / MIB:.4g} MiB"] if amounts.get("MemoryBytes") else []
    parts += [f"{amounts['Pids']} processes"] if amounts.get("Pids") else []
    for each in amounts.get("GenericResources") or ():
        spec = each.get("DiscreteResourceSpec") or each.get("NamedResourceSpec") or {}
        parts.append(tick(f"{spec.get('Kind')}={spec.get('Value')}"))
    return ", ".join(parts)


def _health(check: Json | None) -> str:
    if not check or not (test := check.get("Test")):
        return "none in the spec; the image may have one"
    if test[0] == "NONE":
        return "switched off"
    command = tick(cut_short(" ".join(masked_words(test[1:])), MAX_VALUE_CHARS))
    return " · ".join([command, *check_times(check)])


def _placement(placement: Json) -> str:
    parts = [*map(tick, placement.get("Constraints") or ())]
    spread = [(each.get("Spread") or {}).get("SpreadDescriptor") for each in placement.get("Preferences") or ()]
    parts += [f"spread over {tick(str(each))}" for each in spread if each]
    parts += [f"at most {placement['MaxReplicas']} on a node"] if placement.get("MaxReplicas") else []
    platforms = {f"{each.get('OS', '')}/{each.get('Architecture', '')}".strip("/") for each in _platforms(placement)}
    parts += [f"only on {listed(map(tick, sorted(filter(None, platforms))))}"] if any(platforms) else []
    return _several(parts) or "any node"


def _platforms(placement: Json) -> Iterable[Json]:
    return placement.get("Platforms") or ()


def _restart(service: ServiceFacts) -> str:
    """Return when an ended task is started again. A completed task of a job never is, even if the spec says so."""
    found = service.template.get("RestartPolicy") or {}
    otherwise = "after a failure" if service.is_job else "always"
    condition = {"none": "never", "on-failure": "after a failure"}.get(str(found.get("Condition")), otherwise)
    if condition == "never":
        return condition
    parts = [condition, f"after {_duration(found.get('Delay', DEFAULT_DELAY_NS))}"]
    if found.get("MaxAttempts"):
        window = f" within {_duration(found['Window'])}" if found.get("Window") else ""
        parts.append(f"at most {number_of(found['MaxAttempts'], 'time')}{window}")
    return ", ".join(parts)


def _policy(policy: Json) -> str:
    """Return how an update or a rollback works; Docker's defaults where the spec says nothing."""
    parallel = policy.get("Parallelism", 1)
    parts = [f"{parallel} at a time" if parallel else "all at once"]
    parts += [f"{_duration(policy['Delay'])} apart"] if policy.get("Delay") else []
    parts.append("starts the new task first" if policy.get("Order") == "start-first" else "stops the old task first")
    action = str(policy.get("FailureAction") or "pause")
    parts.append(
        f"a task that fails within {_duration(policy.get('Monitor') or DEFAULT_MONITOR_NS)} "
        f"{FAILURE_ACTIONS.get(action, plain_line(action))}"
    )
    parts += [f"tolerates {policy['MaxFailureRatio']:.0%} failed"] if policy.get("MaxFailureRatio") else []
    return ", ".join(parts)


def _stop(service: ServiceFacts) -> str:
    signal = service.container.get("StopSignal")
    parts = [f"signal {tick(str(signal))}"] if signal else []
    return ", ".join([*parts, f"killed after {write_duration(service.stop_grace)}"])


def _reference(reference: Json, kind: str) -> str:
    file = reference.get("File") or {}
    where = f" as {tick(str(file['Name']))}" if file.get("Name") else ""
    return tick(str(reference.get(f"{kind}Name") or reference.get(f"{kind}ID") or "")) + where


def _driver(driver: Json | None) -> str:
    name, options = (driver or {}).get("Name"), (driver or {}).get("Options")
    if not name and not options:
        return ""
    shown = tick(str(name)) if name else "the engine's default"
    return shown + (f" with {_several(_ticked(masked_mapping(options)))}" if options else "")


def _own_labels(spec: Json) -> Json:
    """Return the labels without the stack's, which the title names."""
    return {key: value for key, value in (spec.get("Labels") or {}).items() if key != STACK_LABEL}


def _others(template: Json) -> Iterator[str]:
    """Yield the settings that have no words of their own here: a newer Docker may have any."""
    rest = {key: value for key, value in template.items() if key not in _TOLD_OF_TEMPLATE}
    container = {
        key: value for key, value in (template.get("ContainerSpec") or {}).items() if key not in _TOLD_OF_CONTAINER
    }
    for each in spec_changes({}, {"TaskTemplate": {**rest, "ContainerSpec": container}}):
        name = each.field.removeprefix("TaskTemplate.").removeprefix("ContainerSpec.")
        yield f"{plain_line(name)} {tick(each.new)}"


def _short(texts: Iterable[str]) -> str:
    return _several(texts, MAX_NEW_CHARS)


def _several(texts: Iterable[str], max_chars: int = MAX_LINE_CHARS) -> str:
    """Return the texts as a list.

    If there are many: those that fit into ``max_chars`` characters, and how many more there are.
    """
    found = list(texts)
    lengths = accumulate(len(text) + len(", ") for text in found)
    fitting = found[: sum(length <= max_chars for length in lengths)]
    more = f" and {len(found) - len(fitting)} more" if len(found) > len(fitting) else ""
    return ", ".join(fitting) + more


def _ticked(texts: Iterable[str]) -> Iterator[str]:
    return (tick(cut_short(text, MAX_VALUE_CHARS)) for text in texts)


def _duration(nanoseconds: float) -> str:
    return write_duration(nanoseconds / NANOSECONDS)
