-- Delete consumers of a stream's group that hold nothing and were not seen for a while.
-- KEYS[1] the stream
-- ARGV[1] the consumer group
-- ARGV[2] ms since they were seen
-- Returns their names.

local gone = {}
for _, row in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[1], ARGV[1])) do
  local consumer = {}
  for i = 1, #row, 2 do consumer[row[i]] = row[i + 1] end
  if consumer.pending == 0 and consumer.idle > tonumber(ARGV[2]) then
    redis.call('XGROUP', 'DELCONSUMER', KEYS[1], ARGV[1], consumer.name)
    table.insert(gone, consumer.name)
  end
end
return gone
