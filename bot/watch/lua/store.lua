-- Store what a turn of watch has found, with the messages about it, if the lease still has its fence.
-- KEYS[1] the lease
-- KEYS[2] the state
-- KEYS[3] the last turn
-- KEYS[4] what status says of the last reading
-- KEYS[5] acknowledgements that were not taken in yet
-- KEYS[6] silences
-- KEYS[7] messages by when they are sent
-- KEYS[8] the beginning of the messages' keys
-- KEYS[9] the beginning of the keys of the webhooks' lines
-- KEYS[10] the audit log
-- KEYS[11] the audit log's head
-- ARGV[1] the lease's fence
-- ARGV[2] the state, JSON
-- ARGV[3] the turn, JSON
-- ARGV[4] what status says of this reading, JSON; "" for nothing
-- ARGV[5] ms that it is kept
-- ARGV[6] ids of the acknowledgements that the state has, a JSON list
-- ARGV[7] ids of silences that have ended, a JSON list
-- ARGV[8] the messages, JSON
-- ARGV[9] the requests of webhooks, JSON
-- ARGV[10] seconds that they are kept
-- ARGV[11] the audit head that the entries are chained to, "" without entries
-- ARGV[12] the audit head after them
-- ARGV[13...] the audit entries
-- Returns {"ok"}, {"lost"} (another process leads) or {"head", head}.
-- include bot/store/lua/lease_held.lua
-- include bot/outbox/lua/promise.lua
-- include bot/webhooks/lua/deliver.lua
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[10], 11) then return {'ok'} end
if not lease_held(KEYS[1], ARGV[1]) then return {'lost'} end
local head = audit_conflict(KEYS[11], 11)
if head then return {'head', head} end

audit_append(KEYS[10], KEYS[11], 11)
redis.call('SET', KEYS[2], ARGV[2])
redis.call('SET', KEYS[3], ARGV[3])
if ARGV[4] ~= '' then
  redis.call('SET', KEYS[4], ARGV[4], 'PX', ARGV[5])
else
  redis.call('DEL', KEYS[4])
end
for _, id in ipairs(cjson.decode(ARGV[6])) do redis.call('HDEL', KEYS[5], id) end
for _, id in ipairs(cjson.decode(ARGV[7])) do redis.call('HDEL', KEYS[6], id) end
promise(KEYS[7], KEYS[8], ARGV[8])
deliver(KEYS[9], ARGV[9], ARGV[10])
return {'ok'}
