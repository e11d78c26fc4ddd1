-- Append entries to the audit log.
-- KEYS[1] the log
-- KEYS[2] the log's head
-- ARGV[1] the head that the entries are chained to
-- ARGV[2] the head after them
-- ARGV[3...] for each entry its canonical JSON and its hash
-- Returns {"ok"} or {"head", the actual head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[1], 1) then return {'ok'} end
local head = audit_conflict(KEYS[2], 1)
if head then return {'head', head} end
audit_append(KEYS[1], KEYS[2], 1)
return {'ok'}
