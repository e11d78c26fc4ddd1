-- Included by scripts that use a cluster's slot: at most one exclusive job of a cluster is in the stream.

local function slot_enter(slot, waiting, stream, id)
  if redis.call('SET', slot, id, 'NX') then
    redis.call('XADD', stream, '*', 'job', id)
  else
    redis.call('RPUSH', waiting, id)
  end
end

-- The job that waits longest gets the slot. A job that waits leaves the list. Other jobs change nothing.
local function slot_leave(slot, waiting, stream, id)
  if redis.call('GET', slot) ~= id then
    redis.call('LREM', waiting, 1, id)
    return
  end
  local following = redis.call('LPOP', waiting)
  if following then
    redis.call('SET', slot, following)
    redis.call('XADD', stream, '*', 'job', following)
  else
    redis.call('DEL', slot)
  end
end

-- The id of the job after whose end this one starts; "" if none is ahead of it.
local function slot_ahead(slot, waiting, id)
  local place = redis.call('LPOS', waiting, id)
  if not place then return '' end
  if place == 0 then return redis.call('GET', slot) or '' end
  return redis.call('LINDEX', waiting, place - 1)
end
