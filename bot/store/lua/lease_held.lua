-- Included by scripts that only the holder of a lease may run: whether the lease still has this fence.

local function lease_held(lease, fence)
  return redis.call('HGET', lease, 'fence') == fence
end
