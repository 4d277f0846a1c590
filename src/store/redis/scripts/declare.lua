-- Invariant: a handler is in the registry only with its queue and the queue's group; one that was removed comes back.
-- KEYS: meta, queue of each handler
-- ARGV: format, idle ms after which an empty consumer goes, then name, filter and bound or '' of each
local count = #KEYS - 1
if redis.call('HGET', KEYS[1], 'format') ~= ARGV[1] then return redis.error_reply('CORRUPT stored format is another') end
local revision = tonumber(redis.call('HGET', KEYS[1], 'revision'))
local handlers = tonumber(redis.call('HGET', KEYS[1], 'handlers') or '0')
if not revision or not handlers then return redis.error_reply('CORRUPT registry is not readable') end
local grouped = {}
for i = 1, count do
  local kind = redis.call('TYPE', KEYS[i + 1]).ok
  if kind == 'stream' then
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i + 1])) do grouped[i] = grouped[i] or group[2] == 'w' end
  elseif kind ~= 'none' then
    return redis.error_reply('CORRUPT queue of ' .. ARGV[i * 3] .. ' is a ' .. kind)
  end
end

local set, back = {}, {}
for i = 1, count do
  local name, filter, bound = ARGV[i * 3], ARGV[i * 3 + 1], ARGV[i * 3 + 2]
  if not redis.call('HGET', KEYS[1], 'n:' .. name) and not set['n:' .. name] then
    set['n:' .. name] = tostring(handlers)
    handlers = handlers + 1
  end
  if redis.call('HGET', KEYS[1], 'f:' .. name) ~= filter then set['f:' .. name] = filter end
  if redis.call('HGET', KEYS[1], 'l:' .. name) ~= bound then set['l:' .. name] = bound end
  if redis.call('HEXISTS', KEYS[1], 'r:' .. name) == 1 then back[#back + 1] = name end
end
if next(set) or #back > 0 then
  -- The first write: Redis refuses it at maxmemory.
  redis.call('HSET', KEYS[1], 'revision', revision + 1, 'handlers', handlers)
  for field, value in pairs(set) do redis.call('HSET', KEYS[1], field, value) end
  for _, name in ipairs(back) do redis.call('HDEL', KEYS[1], 'r:' .. name, 'p:' .. name) end
end
for i = 1, count do
  if not grouped[i] then
    redis.call('XGROUP', 'CREATE', KEYS[i + 1], 'w', '0', 'MKSTREAM')
  else
    for _, info in ipairs(redis.call('XINFO', 'CONSUMERS', KEYS[i + 1], 'w')) do
      if info[4] == 0 and info[6] > tonumber(ARGV[2]) then
        redis.call('XGROUP', 'DELCONSUMER', KEYS[i + 1], 'w', info[2])
      end
    end
  end
end
return 1
