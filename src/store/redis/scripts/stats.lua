-- Invariant: all counts are of one moment; nothing is written.
-- KEYS: meta, unrouted, then queue, delayed and dead of each handler
local counts = {tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0'), redis.call('XLEN', KEYS[2])}
for i = 3, #KEYS, 3 do
  local pending = redis.call('XPENDING', KEYS[i], 'w')[1]
  counts[#counts + 1] = redis.call('XLEN', KEYS[i]) - pending
  counts[#counts + 1] = pending
  counts[#counts + 1] = redis.call('ZCARD', KEYS[i + 1])
  counts[#counts + 1] = redis.call('XLEN', KEYS[i + 2])
end
return counts
