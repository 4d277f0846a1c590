-- Invariant: a job leaves the delayed ones in the step in which it is queued; at most `max` a call.
-- KEYS: delayed, queue   ARGV: max
local kind = redis.call('TYPE', KEYS[2]).ok
if kind ~= 'stream' then return redis.error_reply('CORRUPT the queue is a ' .. kind) end
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', string.format('%.0f', now), 'LIMIT', 0, ARGV[1])
for _, member in ipairs(due) do
  local place, attempt = member:sub(33):match('^(%d+):(%d+)$')
  if not place then return redis.error_reply('CORRUPT a delayed job is not readable') end
end
for _, member in ipairs(due) do
  local place, attempt = member:sub(33):match('^(%d+):(%d+)$')
  redis.call('ZREM', KEYS[1], member)
  redis.call('XADD', KEYS[2], '*', 'e', member:sub(17, 32), 'k', member:sub(1, 16), 'p', place, 'n', attempt, 'd', '0')
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {#due, first[2] and math.max(tonumber(first[2]) - now, 0) or -1}
