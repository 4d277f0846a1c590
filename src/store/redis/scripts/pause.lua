-- Invariant: only a handler that was declared is paused.
-- KEYS: meta   ARGV: handler, '1' or '' to resume
local field = 'p:' .. ARGV[1]
if redis.call('HEXISTS', KEYS[1], 'n:' .. ARGV[1]) == 0 then return redis.error_reply('CORRUPT registry is not readable') end

-- At maxmemory, too: that is when one wants to.
local was = redis.call('HDEL', KEYS[1], field)
if ARGV[2] == '' then return was end
redis.call('HSET', KEYS[1], field, ARGV[2])
return 1 - was
