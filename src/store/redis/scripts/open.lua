-- Invariant: nothing is written where another format or another number of partitions is stored.
-- KEYS: meta   ARGV: format, partitions, 'existing' where nothing is to be prepared or ''
local meta = redis.call('HMGET', KEYS[1], 'format', 'partitions')
if not meta[1] and not meta[2] and redis.call('EXISTS', KEYS[1]) == 0 then
  if ARGV[3] == 'existing' then return redis.error_reply('MISSING nothing is stored under this namespace') end
  redis.call('HSET', KEYS[1], 'format', ARGV[1], 'partitions', ARGV[2], 'revision', '0', 'bytes', '0')
elseif meta[1] ~= ARGV[1] then
  return redis.error_reply('CORRUPT stored format is ' .. (meta[1] or 'missing') .. ', expected ' .. ARGV[1])
elseif meta[2] ~= ARGV[2] then
  return redis.error_reply('CORRUPT stored partition count is ' .. (meta[2] or 'missing') .. ', expected ' .. ARGV[2])
end
return 1
