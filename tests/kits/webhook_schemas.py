"""What PagerDuty and Alertmanager accept, by what they publish. Each model refuses what it does not name.

PagerDuty: https://github.com/PagerDuty/api-schema, reference/events-v2/openapiv3.json (keys, enumerations), and
https://developer.pagerduty.com/docs/events-api-v2/trigger-events/ (lengths). Alertmanager:
https://github.com/prometheus/alertmanager, api/v2/openapi.yaml (keys), and Alert.Validate in types/types.go.
"""

from __future__ import annotations

import json
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

MAX_EVENT_BYTES: Final = 512 * 1024
STRICT: Final = ConfigDict(extra="forbid")
Text = Annotated[str, Field(min_length=1)]
Labels = dict[Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")], Text]


class Payload(BaseModel):
    """What a trigger says."""

    model_config = STRICT

    summary: Annotated[str, Field(min_length=1, max_length=1024)]
    source: Text
    severity: Literal["critical", "warning", "error", "info"]
    timestamp: AwareDatetime | None = None
    component: str | None = None
    group: str | None = None
    class_: Annotated[str | None, Field(alias="class")] = None
    custom_details: dict[str, Any] | None = None


class Event(BaseModel):
    """The body of ``POST /v2/enqueue``."""

    model_config = STRICT

    routing_key: Annotated[str, Field(min_length=32, max_length=32)]
    event_action: Literal["trigger", "acknowledge", "resolve"]
    dedup_key: Annotated[str, Field(min_length=1, max_length=255)]
    client: str | None = None
    client_url: str | None = None
    payload: Payload | None = None

    @model_validator(mode="after")
    def _trigger_has_payload(self) -> Self:
        assert self.event_action != "trigger" or self.payload is not None
        return self


class Alert(BaseModel):
    """One alert of ``POST /api/v2/alerts``."""

    model_config = STRICT

    labels: Labels
    annotations: Labels = {}
    starts_at: Annotated[AwareDatetime, Field(alias="startsAt")]
    ends_at: Annotated[AwareDatetime, Field(alias="endsAt")]

    @model_validator(mode="after")
    def _is_named_and_ends_after_its_beginning(self) -> Self:
        assert "alertname" in self.labels
        assert self.starts_at <= self.ends_at
        return self


def check_pagerduty(body: Any) -> None:
    """Check an event as it is sent, except its routing key. Raises ValidationError."""
    sent = {**body, "routing_key": "0" * 32}
    Event.model_validate(sent)
    assert len(json.dumps(sent).encode()) <= MAX_EVENT_BYTES


def check_alertmanager(body: Any) -> None:
    """Check alerts as they are sent. Raises ValidationError."""
    TypeAdapter(list[Alert]).validate_python(body)
