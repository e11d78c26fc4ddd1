-- Activate an enrolment with its first correct code, which is then used.
-- KEYS[1] the person's second factor
-- KEYS[2] the enrolment
-- KEYS[3] the wrong codes
-- KEYS[4] QR codes, scored by when to delete them
-- KEYS[5] the audit log
-- KEYS[6] the audit log's head
-- ARGV[1] the encrypted seed as read
-- ARGV[2] the number of wrong codes as read
-- ARGV[3] the code's time-step
-- ARGV[4] the audit head that the entries are chained to
-- ARGV[5] the audit head after them
-- ARGV[6...] the audit entries
-- Returns {"ok"}, {"changed"} (read it again) or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/totp/lua/picture.lua

if audit_applied(KEYS[5], 4) then return {'ok'} end
if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('HGET', KEYS[2], 'seed') ~= ARGV[1] then return {'changed'} end
if (redis.call('GET', KEYS[3]) or '0') ~= ARGV[2] then return {'changed'} end
local head = audit_conflict(KEYS[6], 4)
if head then return {'head', head} end

audit_append(KEYS[5], KEYS[6], 4)
picture_due(KEYS[2], KEYS[4])
redis.call('HSET', KEYS[1], 'seed', ARGV[1], 'step', ARGV[3])
redis.call('DEL', KEYS[2], KEYS[3])
return {'ok'}
