-- Record a code that was checked against what was read. A time-step is accepted once, and no earlier one after it.
-- KEYS[1] the second factor or enrolment with the seed
-- KEYS[2] the wrong codes
-- KEYS[3] the audit log
-- KEYS[4] the audit log's head
-- ARGV[1] the encrypted seed as read
-- ARGV[2] the number of wrong codes as read
-- ARGV[3] the code's time-step, "" for a wrong code
-- ARGV[4] seconds that a wrong code is remembered
-- ARGV[5] the audit head that the entries are chained to
-- ARGV[6] the audit head after them
-- ARGV[7...] the audit entries
-- Returns {"ok"}, {"changed"} (read it again) or {"head", head}.
-- include bot/audit/lua/chain.lua

if audit_applied(KEYS[3], 5) then return {'ok'} end
local kept = redis.call('HMGET', KEYS[1], 'seed', 'step')
if kept[1] ~= ARGV[1] or (redis.call('GET', KEYS[2]) or '0') ~= ARGV[2] then return {'changed'} end
if ARGV[3] ~= '' and tonumber(ARGV[3]) <= tonumber(kept[2] or '0') then return {'changed'} end
local head = audit_conflict(KEYS[4], 5)
if head then return {'head', head} end

audit_append(KEYS[3], KEYS[4], 5)
if ARGV[3] == '' then
  redis.call('INCR', KEYS[2])
  redis.call('EXPIRE', KEYS[2], ARGV[4])
else
  redis.call('HSET', KEYS[1], 'step', ARGV[3])
  redis.call('DEL', KEYS[2])
end
return {'ok'}
