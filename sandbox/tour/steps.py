"""The steps of the tour, in order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.tour import cluster_steps as cluster
from sandbox.tour import incident_steps as incident
from sandbox.tour import query_steps as query
from sandbox.tour import service_steps as service
from sandbox.tour.driver import TourDriver


@dataclass(frozen=True)
class Step:
    """One step of the tour."""

    title: str
    run: Callable[[TourDriver], None]
    """Raises ExpectationFailed if something is not as the step expects."""


STEPS: Final = (
    Step("ada lists all commands", query.list_commands),
    Step("ada asks for the status before a cluster exists", cluster.show_status_without_cluster),
    Step("eve is not allowed to create a cluster", cluster.refuse_init),
    Step("cleo, an administrator, creates the cluster", cluster.create_cluster),
    Step("ada mistypes a command, then a host", cluster.correct_typos),
    Step("ada, an operator, adds two workers at once", cluster.join_workers),
    Step("cleo requests a second manager, dan approves", cluster.join_approved_manager),
    Step("cleo adds a third manager, but a port is blocked", cluster.name_blocked_port),
    Step("the port is opened, cleo presses Retry, dan approves", cluster.retry_join),
    Step("ada adds hosts that are already members", cluster.join_members_again),
    Step("ada checks the ports of host-4 in both directions", cluster.check_ports),
    Step("ada drains a node and activates it again", cluster.drain_and_activate),
    Step("ada scales a service", service.scale_service),
    Step("ada drains the node of its only task, without a gap", service.drain_without_gap),
    Step("ada updates it to an image that does not exist", service.fail_update),
    Step("cleo requests a demotion that would leave no failure tolerance", cluster.refuse_demotion),
    Step("ada shows the join token and hides it again", query.show_and_hide_token),
    Step("ada lists the nodes", query.list_nodes),
    Step("ada asks for the status of prod", query.show_status),
    Step("ada shares the answer", query.share_answer),
    Step("ben lists the jobs", query.list_jobs),
    Step("dan reads the audit log and verifies it", query.verify_audit_log),
    Step("eve lists her permissions", query.list_permissions),
    Step("a manager loses power: watch reports it in the channel", incident.tell_incident),
    Step("no join token is left anywhere", query.search_for_secrets),
)
