-- Promise messages that belong to no transition.
-- KEYS[1] messages by when they are sent
-- KEYS[2] the beginning of the messages' keys
-- ARGV[1] the messages, JSON
-- Returns {"ok"}.
-- include bot/outbox/lua/promise.lua

promise(KEYS[1], KEYS[2], ARGV[1])
return {'ok'}
