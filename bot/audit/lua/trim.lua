-- Delete the entries that are archived.
-- KEYS[1] the log
-- KEYS[2] the last entry that is only in the archive
-- ARGV[1] the last archived entry, as seq:hash
-- ARGV[2] its id in the log
-- ARGV[3] its hash
-- Returns {"ok"} or {"other"}: the log has another entry there, or none.

local found = redis.call('XRANGE', KEYS[1], ARGV[2], ARGV[2])[1]
if not found or found[2][4] ~= ARGV[3] then return {'other'} end
local seq = tonumber(string.match(ARGV[2], '^%d+'))
redis.call('XTRIM', KEYS[1], 'MINID', '=', string.format('%.0f-0', seq + 1))
redis.call('SET', KEYS[2], ARGV[1])
return {'ok'}
