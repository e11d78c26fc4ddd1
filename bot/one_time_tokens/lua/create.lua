-- Create the pending rotation of a token that is about to be shown. All who are shown the same token share it.
-- KEYS[1] the rotation
-- KEYS[2] pending rotations by when they are checked next
-- KEYS[3] the audit log
-- KEYS[4] the audit log's head
-- ARGV[1] the rotation's id
-- ARGV[2] the cluster
-- ARGV[3] the role
-- ARGV[4] the token's fingerprint
-- ARGV[5] ids of the cluster's nodes, JSON
-- ARGV[6] ms until the deadline
-- ARGV[7] the requester's field
-- ARGV[8] the requester, JSON
-- ARGV[9] the audit head that the entries are chained to, "" without entries
-- ARGV[10] the audit head after them
-- ARGV[11...] the audit entries
-- Returns {"ok", unix ms of the deadline}, {"due", the same} if the rotation is due or running, or {"head", head}.
-- Later requesters get the deadline of the first: it is the same token.
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
