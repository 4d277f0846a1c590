-- Invariant: the cursor never moves back.
-- KEYS: meta   ARGV: handler, entry
local function parts(id)
  local time, n = id:match('^(%d+)-(%d+)$')
  return tonumber(time), tonumber(n)
end
local field = 'a:' .. ARGV[1]
local old = redis.call('HGET', KEYS[1], field)
if old then
  local time, n = parts(old)
  local new_time, new_n = parts(ARGV[2])
  if new_time < time or (new_time == time and new_n <= n) then return 0 end
end
redis.call('HSET', KEYS[1], field, ARGV[2])
return 1
