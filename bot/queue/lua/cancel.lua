-- End a job that has not started, or ask the worker of a running one to stop.
-- KEYS[1] the job
-- KEYS[2] the stream of the exclusive lane
-- KEYS[3] the cluster's slot
-- KEYS[4] the cluster's waiting list
-- KEYS[5] the job's approval, if it had one
-- KEYS[6] messages by when they are sent
-- KEYS[7] the beginning of the messages' keys
-- KEYS[8] the audit log
-- KEYS[9] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] who cancels
-- ARGV[3] seconds until it expires, and its approval with it
-- ARGV[4] the messages to send if the job ends here, JSON
-- ARGV[5] the audit head that the entries are chained to, "" without entries
-- ARGV[6] the audit head after them
-- ARGV[7...] the audit entries
-- Returns {"cancelled"}, {"stopping"}, {"ended"}, {"unknown"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/outbox/lua/promise.lua
-- include bot/store/lua/clock.lua
-- include bot/queue/lua/slot.lua

local waits = {queued = true, awaiting_approval = true, awaiting_confirmation = true}
local state = redis.call('HGET', KEYS[1], 'state')
if not state then return {'unknown'} end
if audit_applied(KEYS[8], 5) then return {state == 'cancelled' and 'cancelled' or 'stopping'} end
if not waits[state] and state ~= 'running' then return {'ended'} end
local head = audit_conflict(KEYS[9], 5)
if head then return {'head', head} end

audit_append(KEYS[8], KEYS[9], 5)
redis.call('HSET', KEYS[1], 'cancel_by', ARGV[2])
if state == 'running' then return {'stopping'} end
redis.call('HSET', KEYS[1], 'state', 'cancelled', 'finished_at', clock_text())
redis.call('EXPIRE', KEYS[1], ARGV[3])
redis.call('EXPIRE', KEYS[5], ARGV[3])
promise(KEYS[6], KEYS[7], ARGV[4])
-- Its entry stays in the stream: the worker that reads the entry deletes it (start.lua).
slot_leave(KEYS[3], KEYS[4], KEYS[2], ARGV[1])
return {'cancelled'}
