-- Promise to rotate a token that is about to be shown; whoever is shown the same token joins the same promise.
-- KEYS[1] the promise
-- KEYS[2] open promises
-- KEYS[3] the audit log
-- KEYS[4] the audit log's head
-- ARGV[1] the promise's id
-- ARGV[2] the cluster
-- ARGV[3] the role
-- ARGV[4] the token's fingerprint
-- ARGV[5] ids of the nodes that are in, JSON
-- ARGV[6] ms until it is rotated at the latest
-- ARGV[7] the field of who asked
-- ARGV[8] who asked, JSON
-- ARGV[9] the audit head that the entries are chained to, "" without entries
-- ARGV[10] the audit head after them
-- ARGV[11...] the audit entries
-- Answers {"ok", unix ms of the deadline}, {"due", the same} when the rotation has come or is under way, or {"head",
-- head}. Who joins later gets the deadline of the first: it is the same token.
-- include bot/audit/lua/chain.lua
-- include bot/store/lua/clock.lua

local function deadline()
  return redis.call('HGET', KEYS[1], 'deadline')
end

if audit_applied(KEYS[3], 9) and deadline() then return {'ok', deadline()} end
local now = clock_ms()
if deadline() and (now >= tonumber(deadline()) or redis.call('HEXISTS', KEYS[1], 'cause') == 1) then
  return {'due', deadline()}
end
local head = audit_conflict(KEYS[4], 9)
if head then return {'head', head} end

audit_append(KEYS[3], KEYS[4], 9)
if not deadline() then
  redis.call('HSET', KEYS[1], 'cluster', ARGV[2], 'role', ARGV[3], 'fingerprint', ARGV[4], 'known', ARGV[5],
    'deadline', string.format('%.0f', now + tonumber(ARGV[6])))
  redis.call('ZADD', KEYS[2], now, ARGV[1])
end
redis.call('HSET', KEYS[1], ARGV[7], ARGV[8])
return {'ok', deadline()}
