-- Invariant: the entry leaves the queue in the step in which it appears among the dead; the payload stays.
-- KEYS: queue, dead, event, dedup   ARGV: entry, consumer, delivery count, acceptance, place, reason, key, attempt
local p = redis.call('XPENDING', KEYS[1], 'w', ARGV[1], ARGV[1], 1)
if not p[1] or p[1][2] ~= ARGV[2] or p[1][4] ~= tonumber(ARGV[3]) then return 0 end
redis.call('XLEN', KEYS[2])
local states = redis.call('HGET', KEYS[3], 's')
local record = redis.call('GET', KEYS[4])

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[2], '*', 'e', ARGV[4], 'k', ARGV[7], 'p', ARGV[5], 'n', ARGV[8], 'why', ARGV[6])
if states then
  local at = tonumber(ARGV[5]) * 4 + 3
  redis.call('HSET', KEYS[3], 's', states:sub(1, at - 1) .. 'x' .. states:sub(at + 1))
end
-- Another acceptance's record is not touched.
if record and record:sub(2, 17) == ARGV[4] then
  redis.call('SET', KEYS[4], 'X' .. record:sub(2), 'KEEPTTL')
end
return 1
