-- Count an approval, or the requester's confirmation; with the last one needed, queue the job in its cluster's exclusive lane in the same step.
-- KEYS[1] the approval
-- KEYS[2] the job
-- KEYS[3] open approvals, scored by the ms in which they expire
-- KEYS[4] approvals whose card must be updated, by when in ms (0: now)
-- KEYS[5] the stream of the exclusive lane
-- KEYS[6] the cluster's slot
-- KEYS[7] the cluster's waiting list
-- KEYS[8] the audit log
-- KEYS[9] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] who approves
-- ARGV[3] the version that the voter's right was checked against
-- ARGV[4] the earlier voters who still have the right, JSON list
-- ARGV[5] the order as a change, JSON
-- ARGV[6] the audit head that the entries are chained to, "" without entries
-- ARGV[7] the audit head after them
-- ARGV[8...] the audit entries
-- Returns {"approved"}, {"counted"}, {"changed"} (read again), {"ended"}, {"late"}, {"own"}, {"not yours"},
-- {"twice"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/store/lua/clock.lua
-- include bot/queue/lua/slot.lua

local kept = redis.call('HMGET', KEYS[1], 'state', 'version', 'votes', 'request')
if audit_applied(KEYS[8], 6) then return {kept[1] == 'approved' and 'approved' or 'counted'} end
local waits = {awaiting_approval = true, awaiting_confirmation = true}
if kept[1] ~= 'open' or not waits[redis.call('HGET', KEYS[2], 'state')] then return {'ended'} end
local due = redis.call('ZSCORE', KEYS[3], ARGV[1])
if not due or clock_ms() >= tonumber(due) then return {'late'} end
if kept[2] ~= ARGV[3] then return {'changed'} end
local request = cjson.decode(kept[4])
if request.confirmation then
  if request.requester ~= ARGV[2] then return {'not yours'} end
elseif request.requester == ARGV[2] then
  return {'own'}
end
local votes = cjson.decode(kept[3])
local valid = {}
for _, person in ipairs(cjson.decode(ARGV[4])) do valid[person] = true end
local counted = {}
for _, vote in ipairs(votes) do
  if vote[1] == ARGV[2] then return {'twice'} end
  if valid[vote[1]] and vote[1] ~= request.requester then table.insert(counted, vote[1]) end
end
table.insert(counted, ARGV[2])
local head = audit_conflict(KEYS[9], 6)
if head then return {'head', head} end

audit_append(KEYS[8], KEYS[9], 6)
table.insert(votes, {ARGV[2], clock_text()})
redis.call('HSET', KEYS[1], 'votes', cjson.encode(votes), 'version', tonumber(kept[2]) + 1)
redis.call('ZADD', KEYS[4], 0, ARGV[1])
if #counted < request.needed then return {'counted'} end
redis.call('HSET', KEYS[1], 'state', 'approved', 'decided_at', clock_text(), 'counted', cjson.encode(counted))
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('HSET', KEYS[2], 'state', 'queued', 'order', ARGV[5])
slot_enter(KEYS[6], KEYS[7], KEYS[5], ARGV[1])
return {'approved'}
