-- Invariant: nothing is written; the jobs that are due, and the time until the next one after them.
-- KEYS: delayed   ARGV: max
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local max = tonumber(ARGV[1])
local first = redis.call('ZRANGE', KEYS[1], 0, max, 'WITHSCORES')
local due, wait = {}, -1
for i = 1, #first, 2 do
  local left = tonumber(first[i + 1]) - now
  if left > 0 or #due == max then
    wait = math.max(left, 0)
    break
  end
  due[#due + 1] = first[i]
end
return {due, wait}
