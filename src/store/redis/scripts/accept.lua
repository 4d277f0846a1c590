-- Invariant: the dedup record, the payload and one entry per route appear together or not at all.
-- KEYS: meta, dedup, event, guard or dedup, unrouted or the queues, then delayed and dead of each bounded route
-- ARGV: format, revision, job, open record without jobs, payload, byte bound or '', guard ('', 'flag', 'reject'),
-- number of routes, routes, then place among them and bound of each bounded one
local call = redis.call
local record = call('GET', KEYS[2])
if record then
  -- Written again, so that a later WAIT on this connection covers it. At maxmemory it is not, which
  -- is no reason to refuse what is stored.
  redis.pcall('SET', KEYS[2], record, 'KEEPTTL')
  return {'duplicate', record}
end
local meta = call('HMGET', KEYS[1], 'format', 'revision', 'bytes')
if meta[1] and meta[1] ~= ARGV[1] then return redis.error_reply('CORRUPT stored format is ' .. meta[1]) end
if meta[2] ~= ARGV[2] then return {'stale'} end
local bytes = tonumber(meta[3])
if not bytes then return redis.error_reply('CORRUPT byte count is not a number') end
local routes = tonumber(ARGV[8])
for i = 1, routes do
  if call('XLEN', KEYS[4 + i]) == 0 and call('EXISTS', KEYS[4 + i]) == 0 then
    return redis.error_reply('CORRUPT queue of ' .. ARGV[8 + i] .. ' is missing')
  end
end
if routes == 0 then call('XLEN', KEYS[5]) end
-- The dead letters of each route whose backlog is at its bound.
local full, at = {}, 4 + math.max(routes, 1)
for i = 9 + routes, #ARGV, 2 do
  local route, delayed, dead = tonumber(ARGV[i]), KEYS[at + 1], KEYS[at + 2]
  call('XLEN', dead)
  if call('XLEN', KEYS[4 + route]) + call('ZCARD', delayed) >= tonumber(ARGV[i + 1]) then full[route] = dead end
  at = at + 2
end
local repeated, key = 0, nil
if ARGV[7] ~= '' then
  key = ARGV[3]:sub(1, 16)
  local event = call('GET', KEYS[4])
  if event and event ~= key then repeated = 1 end
  if repeated == 1 and ARGV[7] == 'reject' then return {'repeated'} end
end
local size = #ARGV[5] - 4
if ARGV[6] ~= '' and bytes + size > tonumber(ARGV[6]) then return {'full'} end

-- The first write: Redis refuses it at maxmemory, and nothing has happened. Nor has it when the key
-- is taken, by whatever it may be.
if not call('SET', KEYS[3], ARGV[5], 'NX') then return redis.error_reply('CORRUPT the acceptance is there already') end
record = ARGV[4]
if next(full) then record = 'X' .. record:sub(2) end
for i = 1, routes do
  local state, entry
  if full[i] then
    state, entry = 'x', call('XADD', full[i], '*', 'j', ARGV[3], 'why', 'overflow')
  else
    state, entry = 'q', call('XADD', KEYS[4 + i], '*', 'j', ARGV[3])
  end
  record = record .. state .. ARGV[8 + i] .. '\0' .. entry .. '\0'
end
if routes == 0 then
  call('XADD', KEYS[5], '*', 'j', ARGV[3], 'r', record)
  call('SET', KEYS[2], 'F' .. record:sub(2, 25), 'PX', tonumber(record:sub(26, 38)))
else
  call('SET', KEYS[2], record)
end
call('HINCRBY', KEYS[1], 'bytes', size)
if key then call('SET', KEYS[4], key, 'PX', tonumber(record:sub(26, 38))) end
return {'new', repeated, next(full) and 1 or 0}
