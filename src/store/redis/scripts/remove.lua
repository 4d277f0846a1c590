-- Invariant: a handler leaves the registry in the step in which the revision rises; what it has stays.
-- KEYS: meta   ARGV: format, handler, 'drain' or 'bury'
local meta = redis.call('HMGET', KEYS[1], 'format', 'revision', 'n:' .. ARGV[2], 'r:' .. ARGV[2])
if meta[1] ~= ARGV[1] then return redis.error_reply('CORRUPT stored format is another') end
local revision = tonumber(meta[2])
if not revision or not meta[3] then return redis.error_reply('CORRUPT registry is not readable') end
if meta[4] == ARGV[3] then return 0 end

-- At maxmemory, too: it is a way to make room.
redis.call('HDEL', KEYS[1], 'r:' .. ARGV[2])
if not meta[4] then revision = revision + 1 end
redis.call('HSET', KEYS[1], 'r:' .. ARGV[2], ARGV[3], 'revision', revision)
return 1
