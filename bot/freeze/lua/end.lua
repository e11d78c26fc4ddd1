-- Delete a freeze whose time is over, and promise the message about it, in one step: so it is reported once.
-- KEYS[1] the cluster's freeze
-- KEYS[2] messages by when they are sent
-- KEYS[3] the beginning of the messages' keys
-- KEYS[4] the audit log
-- KEYS[5] the audit log's head
-- ARGV[1] unix ms at which it ended
-- ARGV[2] the message, JSON
-- ARGV[3] the audit head that the entries are chained to, "" without entries
-- ARGV[4] the audit head after them
-- ARGV[5...] the audit entries
-- Returns {"ok"}, {"changed"} (another process has reported it, or another freeze has begun) or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/freeze/lua/kept.lua
-- include bot/outbox/lua/promise.lua

if audit_applied(KEYS[4], 3) then return {'ok'} end
if kept_until(KEYS[1]) ~= ARGV[1] then return {'changed'} end
local head = audit_conflict(KEYS[5], 3)
if head then return {'head', head} end
audit_append(KEYS[4], KEYS[5], 3)
redis.call('DEL', KEYS[1])
promise(KEYS[2], KEYS[3], ARGV[2])
return {'ok'}
