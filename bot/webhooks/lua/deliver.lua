-- Included by scripts that promise requests of webhooks: each waits in its webhook's line until it was accepted.
-- `prefix`: the beginning of the lines' keys. `deliveries`: a JSON list of objects {webhook, body}. `ttl`: seconds after
-- which a line goes that nobody sends.

local function deliver(prefix, deliveries, ttl)
  for _, each in ipairs(cjson.decode(deliveries)) do
    redis.call('RPUSH', prefix .. each.webhook, each.body)
    redis.call('EXPIRE', prefix .. each.webhook, ttl)
  end
end
