-- Included by scripts that need the time: Redis' own clock, the same for all processes.

local function clock_ms()
  local time = redis.call('TIME')
  return tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
end

local function clock_text()
  return string.format('%.3f', clock_ms() / 1000)
end
