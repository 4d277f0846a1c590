-- Invariant: nothing is written; the jobs that are due, or all of them, and the time until the next one.
-- KEYS: delayed   ARGV: max, 'due' or 'all'
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local max, all = tonumber(ARGV[1]), ARGV[2] == 'all'
local first = redis.call('ZRANGE', KEYS[1], 0, max, 'WITHSCORES')
local due, wait = {}, -1
for i = 1, #first, 2 do
  local left = tonumber(first[i + 1]) - now
  if (left > 0 and not all) or #due == max then
    wait = math.max(left, 0)
    break
  end
  due[#due + 1] = first[i]
end
return {due, wait}
