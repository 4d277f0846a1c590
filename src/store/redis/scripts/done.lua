-- Invariant: the entry goes; with the event's last one the payload goes and the window starts.
-- KEYS: queue, meta, event, dedup   ARGV: entry, consumer, delivery count, acceptance, place
local p = redis.call('XPENDING', KEYS[1], 'w', ARGV[1], ARGV[1], 1)
if not p[1] or p[1][2] ~= ARGV[2] or p[1][4] ~= tonumber(ARGV[3]) then return 0 end
local bytes = tonumber(redis.call('HGET', KEYS[2], 'bytes'))
if not bytes then return redis.error_reply('CORRUPT byte count is not a number') end
local event = redis.call('HMGET', KEYS[3], 's', 'w')
local record = redis.call('GET', KEYS[4])

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
local states = event[1]
if not states then return 1 end
local at = tonumber(ARGV[5]) * 4 + 3
states = states:sub(1, at - 1) .. 'd' .. states:sub(at + 1)
for i = 3, #states, 4 do
  if states:sub(i, i) ~= 'd' then
    redis.call('HSET', KEYS[3], 's', states)
    return 1
  end
end
local size = redis.call('HSTRLEN', KEYS[3], 'h') + redis.call('HSTRLEN', KEYS[3], 'b')
redis.call('UNLINK', KEYS[3])
-- Not -size: Lua writes a negative zero as "-0", which is no integer to Redis.
redis.call('HINCRBY', KEYS[2], 'bytes', 0 - size)
-- Another acceptance's record is not touched.
if record and record:sub(2, 17) == ARGV[4] then
  redis.call('SET', KEYS[4], 'F' .. record:sub(2, 25) .. states, 'PX', event[2])
end
return 1
