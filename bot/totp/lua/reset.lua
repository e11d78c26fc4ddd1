-- Delete a person's second factor, and an enrolment.
-- KEYS[1] the person's second factor
-- KEYS[2] the enrolment
-- KEYS[3] the wrong codes
-- KEYS[4] QR codes, scored by when to delete them
-- KEYS[5] the audit log
-- KEYS[6] the audit log's head
-- ARGV[1] the audit head that the entries are chained to
-- ARGV[2] the audit head after them
-- ARGV[3...] the audit entries
-- Returns {"ok"}, {"none"} or {"head", head}.
-- include bot/audit/lua/chain.lua
-- include bot/totp/lua/picture.lua

if audit_applied(KEYS[5], 1) then return {'ok'} end
if redis.call('EXISTS', KEYS[1], KEYS[2]) == 0 then return {'none'} end
local head = audit_conflict(KEYS[6], 1)
if head then return {'head', head} end

audit_append(KEYS[5], KEYS[6], 1)
picture_due(KEYS[2], KEYS[4])
redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
return {'ok'}
