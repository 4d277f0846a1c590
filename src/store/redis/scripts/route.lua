-- Invariant: an unrouted event goes in the step in which it is queued for each route, or forgotten.
-- KEYS: unrouted, meta, event, dedup, queues   ARGV: entry, acceptance, routes
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if not entry[1] then return 0 end
local fields = entry[1][2]
local j, open = fields[2], fields[4]
if j:sub(17, 32) ~= ARGV[2] then return 0 end
local bytes = tonumber(redis.call('HGET', KEYS[2], 'bytes'))
if not bytes then return redis.error_reply('CORRUPT byte count is not a number') end
local size = math.max(redis.call('STRLEN', KEYS[3]) - 4, 0)
local record = redis.call('GET', KEYS[4])
for i = 5, #KEYS do check_queue(KEYS[i]) end
-- A later acceptance of the event stands, and counts.
local superseded = record and record:sub(2, 17) ~= ARGV[2]

redis.call('XDEL', KEYS[1], ARGV[1])
if #KEYS == 4 or superseded then
  redis.call('UNLINK', KEYS[3])
  redis.call('HINCRBY', KEYS[2], 'bytes', 0 - size)
  return #KEYS == 4 and 1 or 0
end
for i = 5, #KEYS do
  open = open .. 'q' .. ARGV[i - 2] .. '\0' .. redis.call('XADD', KEYS[i], '*', 'j', j) .. '\0'
end
redis.call('SET', KEYS[4], open)
return 1
