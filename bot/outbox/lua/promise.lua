-- Included by scripts that promise messages: each is kept until Slack has accepted it.
-- `due`: messages by when they are sent (ms). `prefix`: the beginning of the messages' keys. `messages`: a JSON list of
-- objects {id, body, at (ms, as text), progress (ms between two edits, "" for a message that must arrive), if_there ("1":
-- only if there is a message with this id)}. A message replaces the earlier one with its id. One that need not arrive waits as long as the earlier one would.

local function promise_one(due, key, message)
  redis.call('HINCRBY', key, 'version', 1)
  redis.call('HSET', key, 'body', message.body, 'progress', message.progress)
  redis.call('PERSIST', key)
  local at = tonumber(message.at)
  if message.progress == '' then
    redis.call('HDEL', key, 'tries', 'copied')
  else
    local sent = redis.call('HGET', key, 'sent_at')
    local next_edit = sent and tonumber(sent) + tonumber(message.progress) or at
    at = tonumber(redis.call('ZSCORE', due, message.id) or math.max(at, next_edit))
  end
  redis.call('ZADD', due, string.format('%.0f', at), message.id)
end

local function promise(due, prefix, messages)
  for _, message in ipairs(cjson.decode(messages)) do
    local key = prefix .. message.id
    if message.if_there == '' or redis.call('EXISTS', key) == 1 then
      promise_one(due, key, message)
    end
  end
end
