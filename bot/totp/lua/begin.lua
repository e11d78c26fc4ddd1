-- Store a seed until its first correct code. It replaces an earlier one.
-- KEYS[1] the person's second factor
-- KEYS[2] the enrolment
-- KEYS[3] QR codes, scored by when to delete them
-- KEYS[4] the audit log
-- KEYS[5] the audit log's head
-- ARGV[1] the enrolment's id
-- ARGV[2] the encrypted seed
-- ARGV[3] seconds until it expires
-- ARGV[4] the audit head that the entries are chained to
-- ARGV[5] the audit head after them
-- ARGV[6...] the audit entries
-- Returns {"ok"}, {"enrolled"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/totp/lua/picture.lua

if audit_applied(KEYS[4], 4) then return {'ok'} end
if redis.call('EXISTS', KEYS[1]) == 1 then return {'enrolled'} end
local head = audit_conflict(KEYS[5], 4)
if head then return {'head', head} end

audit_append(KEYS[4], KEYS[5], 4)
picture_due(KEYS[2], KEYS[3])
redis.call('DEL', KEYS[2])
redis.call('HSET', KEYS[2], 'id', ARGV[1], 'seed', ARGV[2])
redis.call('EXPIRE', KEYS[2], ARGV[3])
return {'ok'}
