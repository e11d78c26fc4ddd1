-- Record the QR code of an enrolment before it is uploaded, so that it is deleted in any case.
-- KEYS[1] the enrolment
-- KEYS[2] QR codes, scored by when to delete them
-- ARGV[1] the enrolment's id
-- ARGV[2] the file's id
-- ARGV[3] when to delete it, unix seconds
-- Returns {"ok"}, or {"gone"} if the enrolment has ended: then it is deleted now.

local here = redis.call('HGET', KEYS[1], 'id') == ARGV[1]
redis.call('ZADD', KEYS[2], here and ARGV[3] or 0, ARGV[2])
if not here then return {'gone'} end
redis.call('HSET', KEYS[1], 'file', ARGV[2])
return {'ok'}
