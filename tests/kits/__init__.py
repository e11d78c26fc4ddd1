"""What tests of more than one folder share. Each module says in its first line what it is; these are the groups.

- A scenario, with a local Slack, hosts and the bot's processes: scenario, approval_scenario, service_scenario,
  watch_scenario, recovery, stacks, transcripts, drawn_answer, served_bot, scripted_bot, browser.
- Real hosts, and what tests do to them: formed_cluster, engines, engine_version, docker_systemd, unprivileged, cfssl,
  registry, host_users, slow_hosts, reachability; faults: host_faults, full_disk, clock_skew, outages; what was seen:
  incident_course, node_history, split_brain_watch, table_states.
- A simulated cluster: simulated_cluster, cluster_truth, orders, fault_injector, quorum_gate, rotations, step_world.
- Facts as data: managers, nodes, two_hosts, autolock, key_files, recordings, histories, incidents, signal_readings.
- Redis and what is stored in it: jobs, outbox, audit_log, totp, watch_lease, gates, progress_cards, approvals/
  (processes that vote, and the outcomes that the rules expect; people who drain a node).
- Requests of Slack and webhooks: slack_app, web_app, inbound_process, fuzzed_requests, payload_fuzz, barrage,
  refused_blocks, webhook_receiver, webhook_schemas, hostile_text.
- Killed processes: killed_workers, watch_killer, repeating, random_run/ (a random run of faults, and its checker).
- Runs of pytest and their results: pytest_runs, engine_matrix, stores, examples, measured.
- Everything else: commands, git_repository, secret_search, yaml_file.
"""
