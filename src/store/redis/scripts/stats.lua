-- Invariant: all counts are of one moment; nothing is written.
-- KEYS: meta, unrouted, then queue, delayed and dead of each handler
local t = redis.call('TIME')
local now = t[1] * 1000 + math.floor(t[2] / 1000)
local counts = {tonumber(redis.call('HGET', KEYS[1], 'bytes') or '0'), redis.call('XLEN', KEYS[2])}
for i = 3, #KEYS, 3 do
  local pending, last
  for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i])) do
    if group[2] == 'w' then pending, last = group[6], group[8] end
  end
  if not pending then error('CORRUPT a queue has lost its group') end
  -- What follows the last entry that was given out has waited since its own time.
  local first, oldest = redis.call('XRANGE', KEYS[i], '(' .. last, '+', 'COUNT', 1), -1
  if first[1] then oldest = math.max(now - tonumber(first[1][1]:match('^%d+')), 0) end
  counts[#counts + 1] = redis.call('XLEN', KEYS[i]) - pending
  counts[#counts + 1] = oldest
  counts[#counts + 1] = pending
  counts[#counts + 1] = redis.call('ZCARD', KEYS[i + 1])
  counts[#counts + 1] = redis.call('XLEN', KEYS[i + 2])
end
return counts
