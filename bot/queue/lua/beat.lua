-- Extend the heartbeat of a worker.
-- KEYS[1] workers
-- ARGV[1] the worker
-- ARGV[2] ms until the heartbeat expires
-- Returns {"ok"}.
-- include bot/store/lua/clock.lua

local now = clock_ms()
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('ZADD', KEYS[1], now + tonumber(ARGV[2]), ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {'ok'}
