"""The commands, one file for each family. :func:`registry` returns all of them."""

from bot.commands import CommandRegistry
from handlers import (
    approvals,
    audit,
    backups,
    ca,
    change_service,
    check,
    demote,
    deploy,
    drain,
    freeze,
    help,  # noqa: A004 - named after its command
    incidents,
    init,
    jobs,
    join,
    label,
    leave,
    logs,
    map,  # noqa: A004 - named after its command
    nodes,
    objects,
    pause_service,
    promote,
    prune,
    ps,
    rebalance,
    recover,
    remove,
    remove_service,
    restore,
    rollback,
    run,
    services,
    silence,
    status,
    tokens,
    totp,
    trust,
    unlock,
    update,
    usage,
    watch,
    why,
)


def registry() -> CommandRegistry:
    """Return all commands. In each group the commands that people need most come first."""
    commands = (
        *(status.status, nodes.nodes, nodes.node, nodes.hosts, map.cluster_map, check.check),
        *(incidents.incidents, incidents.acknowledge, silence.silence, silence.silences, silence.unsilence),
        watch.watch,
        *(services.services, services.service, ps.ps, services.stacks, services.stack),
        *(objects.networks, objects.secrets, objects.configs, objects.volumes),
        *(why.why, logs.logs, usage.stats, usage.disk),
        *(change_service.scale, change_service.update_service, change_service.restart),
        *(
            rollback.rollback,
            pause_service.pause_service,
            rollback.resume,
            run.run,
            remove_service.remove_service,
            rebalance.rebalance,
        ),
        *(trust.trust, join.join, tokens.token, drain.drain, drain.pause, drain.activate),
        *(prune.prune, label.label, leave.leave, remove.remove),
        *(deploy.deploy, deploy.undeploy),
        *(init.init, promote.promote, demote.demote, update.update, ca.ca),
        *(recover.recover, unlock.unlock, unlock.unlock_key, backups.backup, backups.backups, restore.restore),
        *(approvals.approvals, freeze.freeze, freeze.thaw, totp.totp),
        *(jobs.jobs, jobs.job, jobs.cancel, audit.audit),
    )
    return CommandRegistry((*commands, *help.help_commands(commands)))
