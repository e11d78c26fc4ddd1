-- End an open approval as denied, withdrawn or expired, and its job with it.
-- KEYS[1] the approval
-- KEYS[2] the job
-- KEYS[3] open approvals, scored by the ms in which they expire
-- KEYS[4] approvals whose card must be updated, by when in ms (0: now)
-- KEYS[5] the audit log
-- KEYS[6] the audit log's head
-- ARGV[1] the job's id
-- ARGV[2] how it ends: denied, withdrawn or expired
-- ARGV[3] who ends it, "" for the clock
-- ARGV[4] why
-- ARGV[5] the state that the job ends in
-- ARGV[6] the job's outcome, JSON
-- ARGV[7] seconds that both are kept
-- ARGV[8] the audit head that the entries are chained to, "" without entries
-- ARGV[9] the audit head after them
-- ARGV[10...] the audit entries
-- Returns {"ok"}, {"ended"}, {"late"}, {"early"} (it has not expired yet) or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/store/lua/clock.lua

local kept = redis.call('HMGET', KEYS[1], 'state', 'version')
if audit_applied(KEYS[5], 8) then return {'ok'} end
if kept[1] ~= 'open' then return {'ended'} end
local due = redis.call('ZSCORE', KEYS[3], ARGV[1])
local past = not due or clock_ms() >= tonumber(due)
if ARGV[2] == 'expired' and not past then return {'early'} end
if ARGV[2] ~= 'expired' and past then return {'late'} end
local head = audit_conflict(KEYS[6], 8)
if head then return {'head', head} end

audit_append(KEYS[5], KEYS[6], 8)
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'version', tonumber(kept[2]) + 1, 'decided_by', ARGV[3],
  'decided_at', clock_text(), 'why', ARGV[4])
redis.call('EXPIRE', KEYS[1], ARGV[7])
redis.call('ZREM', KEYS[3], ARGV[1])
redis.call('ZADD', KEYS[4], 0, ARGV[1])
redis.call('HSET', KEYS[2], 'state', ARGV[5], 'outcome', ARGV[6], 'finished_at', clock_text(), 'cancel_by', ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[7])
return {'ok'}
