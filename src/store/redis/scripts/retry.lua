-- Invariant: the entry leaves the queue in the step in which it appears among the delayed ones.
-- KEYS: queue, delayed, event   ARGV: entry, consumer, delivery count, acceptance, place, delay ms, key, next attempt
local p = redis.call('XPENDING', KEYS[1], 'w', ARGV[1], ARGV[1], 1)
if not p[1] or p[1][2] ~= ARGV[2] or p[1][4] ~= tonumber(ARGV[3]) then return 0 end
redis.call('ZCARD', KEYS[2])
local states = redis.call('HGET', KEYS[3], 's')
local now = redis.call('TIME')

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
local due = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[6])
redis.call('ZADD', KEYS[2], string.format('%.0f', due), ARGV[7] .. ARGV[4] .. ARGV[5] .. ':' .. ARGV[8])
if states then
  local at = tonumber(ARGV[5]) * 4 + 3
  local attempt = string.char(math.min(tonumber(ARGV[8]), 255))
  redis.call('HSET', KEYS[3], 's', states:sub(1, at) .. attempt .. states:sub(at + 2))
end
return 1
