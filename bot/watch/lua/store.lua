-- Store what a turn of watch has found, with the messages that tell it, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the state
-- KEYS[3] the last turn
-- KEYS[4] acknowledgements that were not taken in yet
-- KEYS[5] silences
-- KEYS[6] messages by when they are sent
-- KEYS[7] the beginning of the messages' keys
-- KEYS[8] the beginning of the keys of the webhooks' lines
-- KEYS[9] the audit log
-- KEYS[10] the audit log's head
-- ARGV[1] the lease's fence
-- ARGV[2] the state, JSON
-- ARGV[3] the turn, JSON
-- ARGV[4] ids of the acknowledgements that the state has taken in, a JSON list
-- ARGV[5] ids of silences that have ended, a JSON list
-- ARGV[6] the messages, JSON
-- ARGV[7] the requests of webhooks, JSON
-- ARGV[8] seconds that they are kept
-- ARGV[9] the audit head that the entries are chained to, "" without entries
-- ARGV[10] the audit head after them
-- ARGV[11...] the audit entries
-- Returns {"ok"}, {"lost"} (another process leads) or {"head", head}.
-- include bot/store/lua/lease_held.lua
-- include bot/outbox/lua/promise.lua
-- include bot/webhooks/lua/deliver.lua
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[9], 9) then return {'ok'} end
if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
local head = audit_conflict(KEYS[10], 9)
if head then return {'head', head} end

audit_append(KEYS[9], KEYS[10], 9)
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
for _, id in ipairs(cjson.decode(ARGV[4])) do redis.call('HDEL', KEYS[4], id) end
for _, id in ipairs(cjson.decode(ARGV[5])) do redis.call('HDEL', KEYS[5], id) end
promise(KEYS[6], KEYS[7], ARGV[6])
deliver(KEYS[8], ARGV[7], ARGV[8])
return {'ok'}
