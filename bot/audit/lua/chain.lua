-- Part of every transition: append to the audit log.
-- The caller's ARGV from `first` on: the head that the entries are chained to ("" without entries), the head
-- after them, then for each entry its canonical JSON and its hash.

local function audit_conflict(head_key, first)
  if ARGV[first] == '' then return nil end
  local head = redis.call('GET', head_key) or ('0:' .. string.rep('0', 64))
  if head ~= ARGV[first] then return head end
  return nil
end

local function audit_seq(first)
  return tonumber(string.match(ARGV[first], '^%d+'))
end

-- Whether this call has already run: its reply was lost and the client retries.
local function audit_applied(log_key, first)
  if ARGV[first] == '' then return false end
  local id = string.format('%.0f-0', audit_seq(first) + 1)
  local found = redis.call('XRANGE', log_key, id, id)[1]
  return found ~= nil and found[2][4] == ARGV[first + 3]
end

-- Call it before all other writes of a transition, so that nothing is written if the log cannot be written.
local function audit_append(log_key, head_key, first)
  if ARGV[first] == '' then return end
  local seq = audit_seq(first)
  for i = first + 2, #ARGV, 2 do
    seq = seq + 1
    redis.call('XADD', log_key, string.format('%.0f-0', seq), 'entry', ARGV[i], 'hash', ARGV[i + 1])
  end
  redis.call('SET', head_key, ARGV[first + 1])
end
