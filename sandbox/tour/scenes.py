"""The scenes of the paced tour: six of the tour's subjects, each with what to look for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sandbox.tour import cluster_steps as cluster
from sandbox.tour import incident_steps as incident
from sandbox.tour.driver import TourDriver
from sandbox.tour.needs import Needs


@dataclass(frozen=True)
class Scene:
    """One scene, which waits for the reader before it begins."""

    title: str
    text: str
    """What the reader should watch for, in one or two sentences."""
    steps: tuple[Callable[[TourDriver], None], ...]
    """Each raises ExpectationFailed if something is not as it expects."""
    needs: Needs
    """What the scenes before it leave behind."""


SCENES: Final = (
    Scene(
        "Create a cluster",
        "cleo, an administrator, types one command. Its card changes while the job runs, for everybody in #prod.",
        (cluster.create_cluster,),
        Needs(),
    ),
    Scene(
        "Mistype a command, then add two workers",
        "Mistakes are answered in private with what was meant. Two hosts then join with one command.",
        (cluster.correct_typos, cluster.join_workers),
        Needs(("host-1",)),
    ),
    Scene(
        "Approve a second manager",
        "A new manager needs the approval of somebody else: cleo cannot approve her own request, dan can.",
        (cluster.join_approved_manager,),
        Needs(("host-1",), cluster.WORKERS),
    ),
    Scene(
        "Find a blocked port",
        "A firewall drops 2377/tcp of host-5. The join names the port and changes nothing; Retry works later.",
        (cluster.name_blocked_port, cluster.retry_join),
        Needs(("host-1", "host-2"), cluster.WORKERS),
    ),
    Scene(
        "Refuse to lose failure tolerance",
        "After this demotion the cluster could lose no manager any more. The quorum gate refuses it, with numbers.",
        (cluster.refuse_demotion,),
        Needs(cluster.FINAL_MANAGERS, cluster.WORKERS),
    ),
    Scene(
        "Lose two managers, and recover",
        "Two of three managers lose power. `watch` reports it in the channel; two people approve the recovery.",
        (incident.lose_quorum, incident.recover_quorum),
        Needs(cluster.FINAL_MANAGERS, cluster.WORKERS),
    ),
)
