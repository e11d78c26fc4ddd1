"""Settings of a service that are objects in its spec, in plain words: mounts, ports, networks, files, checks. Pure.

What looks like a secret is masked. A setting that has no words here is shown as JSON, so nothing is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bot.model.service import NANOSECONDS
from bot.swarm.services.spec.masked import masked_mapping, masked_text, masked_words
from bot.text.durations import write_duration
from bot.text.suggest import number_of

Json = Mapping[str, Any]
READABLE: Final = 0o444
"""The mode of the file of a config or secret, unless another one is asked for."""
_ABSENT: Final = {"UID": "0", "GID": "0", "Mode": 0}
"""An engine's defaults for the fields of a file that are absent."""
_MOUNT_OPTIONS: Final = ("BindOptions", "VolumeOptions", "TmpfsOptions")
_TIMES: Final = {"Interval": "every", "Timeout": "time-out", "StartPeriod": "start period"}


def mount_words(mount: Json) -> str:
    """Return what is mounted: "bind /etc, writable", "volume data, driver nfs, o=addr=10.0.0.9"."""
    kind = str(mount.get("Type") or "volume")
    driver = (mount.get("VolumeOptions") or {}).get("DriverConfig") or {}
    parts = [f"{kind} {mount.get('Source') or ''}".strip()]
    parts += ["read-only"] if mount.get("ReadOnly") else ["writable"] if kind == "bind" else []
    parts += [f"driver {driver['Name']}"] if driver.get("Name") else []
    parts += masked_mapping(driver.get("Options") or {})
    rest = _without(mount, "Type", "Source", "Target", "ReadOnly", *_MOUNT_OPTIONS)
    for options in _MOUNT_OPTIONS:
        rest |= _without(mount.get(options) or {}, "DriverConfig")
    return ", ".join([*parts, *_others(rest | _without(driver, "Name", "Options"))])


def port_words(port: Json) -> str:
    """Return on which nodes a port is published: "host mode", "ingress mode"."""
    mode = f"{port.get('PublishMode') or 'ingress'} mode"
    return ", ".join([mode, *_others(_without(port, "PublishMode", "PublishedPort", "TargetPort", "Protocol"))])


def network_words(network: Json) -> str:
    """Return the names that the service has in a network: "alias web"."""
    aliases = network.get("Aliases") or ()
    named = [f"alias{'es' if len(aliases) > 1 else ''} {', '.join(map(str, aliases))}"] if aliases else ["no alias"]
    return ", ".join([*named, *_others(_without(network, "Target", "Aliases"))])


def file_words(reference: Json) -> str:
    """Return which config or secret a file holds, and its rights: "app_password, UID 100, mode 0400"."""
    kind = "Secret" if "SecretName" in reference or "SecretID" in reference else "Config"
    name, identity = reference.get(f"{kind}Name"), reference.get(f"{kind}ID")
    file = _ABSENT | {**(reference.get("File") or {"Mode": READABLE})}
    parts = [str(name or identity or "?")]
    parts += [f"id {identity}"] if name and identity not in {None, name} else []
    parts += [f"{key} {file[key]}" for key in ("UID", "GID") if file[key] != _ABSENT[key]]
    parts += [f"mode {int(file['Mode']):04o}"] if file["Mode"] != READABLE else []
    rest = _without(reference, "File", f"{kind}Name", f"{kind}ID") | _without(file, "Name", *_ABSENT)
    return ", ".join([*parts, *_others(rest)])


def health_words(check: Json) -> str:
    """Return the command of a health check, and when it is run: "curl -f http://localhost, every 10s"."""
    test = [str(word) for word in check.get("Test") or ()]
    command = "switched off" if test[:1] == ["NONE"] else " ".join(masked_words(test[1:])) or "of the image"
    return ", ".join([command, *check_times(check), *_others(_without(check, "Test", "Retries", *_TIMES))])


def check_times(check: Json) -> list[str]:
    """Return when a health check is run, and when it has failed: "every 10s", "unhealthy after 3 failures"."""
    parts = [f"{word} {write_duration(check[key] / NANOSECONDS)}" for key, word in _TIMES.items() if check.get(key)]
    parts += [f"unhealthy after {number_of(check['Retries'], 'failure')}"] if check.get("Retries") else []
    return parts


def _without(settings: Json, *keys: str) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key not in keys}


def _others(rest: Json) -> Iterator[str]:
    for key, value in rest.items():
        yield masked_text(f"{key} {value if isinstance(value, str) else json.dumps(value, sort_keys=True)}")
