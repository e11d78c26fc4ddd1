-- Part of transitions that end an enrolment: delete its QR code now.

local function picture_due(enrolment, pictures)
  local file = redis.call('HGET', enrolment, 'file')
  if file then redis.call('ZADD', pictures, 'XX', 0, file) end
end
