-- Invariant: the dedup record, the payload and one entry per route appear together or not at all.
-- KEYS: meta, dedup, event, guard or dedup, unrouted or the queues
-- ARGV: format, revision, key, acceptance, digest, head, body, window ms, byte bound or '', guard ('', 'flag', 'reject'), routes
local record = redis.call('GET', KEYS[2])
if record then
  -- Written again, so that a later WAIT on this connection covers it. At maxmemory it is not, which
  -- is no reason to refuse what is stored.
  redis.pcall('SET', KEYS[2], record, 'KEEPTTL')
  return {'duplicate', record}
end
local fields = {'format', 'revision', 'bytes'}
for i = 11, #ARGV do fields[#fields + 1] = 'n:' .. ARGV[i] end
local meta = redis.call('HMGET', KEYS[1], unpack(fields))
if meta[1] and meta[1] ~= ARGV[1] then return redis.error_reply('CORRUPT stored format is ' .. meta[1]) end
if meta[2] ~= ARGV[2] then return {'stale'} end
local bytes = tonumber(meta[3])
if not bytes then return redis.error_reply('CORRUPT byte count is not a number') end
if redis.call('EXISTS', KEYS[3]) == 1 then return redis.error_reply('CORRUPT the acceptance is there already') end
local routes = #ARGV - 10
for i = 1, routes do
  if not meta[3 + i] then return {'unknown', ARGV[10 + i]} end
  local kind = redis.call('TYPE', KEYS[4 + i]).ok
  if kind ~= 'stream' then return redis.error_reply('CORRUPT queue of ' .. ARGV[10 + i] .. ' is a ' .. kind) end
end
if routes == 0 then redis.call('XLEN', KEYS[5]) end
local repeated = 0
if ARGV[10] ~= '' then
  local event = redis.call('GET', KEYS[4])
  if event and event ~= ARGV[3] then repeated = 1 end
  if repeated == 1 and ARGV[10] == 'reject' then return {'repeated'} end
end
local size = #ARGV[6] + #ARGV[7]
if ARGV[9] ~= '' and bytes + size > tonumber(ARGV[9]) then return {'full'} end

-- A record: state, acceptance, digest. The event's states: of each route the handler's number, its
-- state and its attempt, 4 bytes in all.
local window = math.max(tonumber(ARGV[8]), 1)
local states = ''
for i = 1, routes do
  local n = tonumber(meta[3 + i])
  states = states .. string.char(math.floor(n / 256), n % 256) .. 'q\0'
end
-- The first write: Redis refuses it at maxmemory, and nothing has happened.
if routes == 0 then
  redis.call('SET', KEYS[2], 'F' .. ARGV[4] .. ARGV[5], 'NX', 'PX', window)
  redis.call('XADD', KEYS[5], '*', 'e', ARGV[4], 'k', ARGV[3])
else
  redis.call('SET', KEYS[2], 'A' .. ARGV[4] .. ARGV[5], 'NX')
end
redis.call('HSET', KEYS[3], 'h', ARGV[6], 'b', ARGV[7], 'w', window, 's', states)
for i = 1, routes do
  redis.call('XADD', KEYS[4 + i], '*', 'e', ARGV[4], 'k', ARGV[3], 'p', i - 1, 'n', '0', 'd', '0')
end
redis.call('HINCRBY', KEYS[1], 'bytes', size)
if ARGV[10] ~= '' then redis.call('SET', KEYS[4], ARGV[3], 'PX', window) end
return {'new', repeated}
