-- Included by scripts that change a cluster's freeze.

-- When the kept freeze ends or has ended, unix ms as text; "" if none is kept.
local function kept_until(key)
  local kept = redis.call('GET', key)
  return kept and string.format('%.0f', cjson.decode(kept)['until'] * 1000) or ''
end
