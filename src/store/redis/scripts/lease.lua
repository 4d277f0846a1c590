-- Invariant: an entry is pending for one consumer; its lease is over when its idle time reaches NOMINAL.
-- The idle time of a new lease is set to NOMINAL minus its length: leases of any length are then
-- found by one threshold, and how long one lasts is decided by who took it, not by who looks.
-- Taken by so many at the most as would weigh enough if they were like the largest so far: what
-- weighs more than enough is 15 jobs.
-- KEYS: queue, meta
-- ARGV: consumer, max, idle of a new lease, NOMINAL, cursor of the last look, payload bytes, handler,
-- 'work' or 'bury' for what the jobs are taken for
local state, burial = redis.call('HMGET', KEYS[2], 'p:' .. ARGV[7], 'r:' .. ARGV[7]), ARGV[8] == 'bury'
if (state[2] == 'bury') ~= burial or (state[1] and not burial) then return {ARGV[5], '', {}} end
local max, left, cursor = tonumber(ARGV[2]), tonumber(ARGV[6]), ARGV[5]
local jobs, ids, largest = {}, {}, 0
local function took(entry, count)
  local j = entry[2][2] or ''
  local size = #j >= 48 and struct.unpack('>I4', j, 45) or 0
  left, largest = left - size, math.max(largest, size)
  jobs[#jobs + 1] = {entry[1], count, entry[2]}
  ids[#ids + 1] = entry[1]
end
-- Looks at the next ten leases for one that ran out. False when there was none or the last one was seen.
local function reclaim()
  local claimed = redis.call('XAUTOCLAIM', KEYS[1], 'w', ARGV[1], ARGV[4], cursor, 'COUNT', 1)
  local entry = claimed[2][1]
  cursor = claimed[1]
  if entry then
    local pending = redis.call('XPENDING', KEYS[1], 'w', entry[1], entry[1], 1)
    took(entry, pending[1][4])
  end
  return entry and cursor ~= '0-0'
end
-- On until ten still run; the next look goes on behind them.
while #jobs < max and left > 0 and reclaim() do end
while #jobs < max and left > 0 do
  local some = #jobs == 0 and 1 or math.max(math.min(max - #jobs, 16, math.floor(left / math.max(largest, 1))), 1)
  local read = redis.call('XREADGROUP', 'GROUP', 'w', ARGV[1], 'COUNT', some, 'STREAMS', KEYS[1], '>')
  if not read then break end
  for _, entry in ipairs(read[1][2]) do took(entry, 1) end
  if #read[1][2] < some then break end
end
-- With nothing else to do it looks on, as many times as jobs are wanted.
for _ = 2, max do
  if #jobs > 0 or cursor == '0-0' then break end
  reclaim()
end
local newest = '0-0'
if #ids > 0 then
  ids[#ids + 1] = 'IDLE'
  ids[#ids + 1] = ARGV[3]
  ids[#ids + 1] = 'JUSTID'
  redis.call('XCLAIM', KEYS[1], 'w', ARGV[1], 0, unpack(ids))
else
  local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)
  if last[1] then newest = last[1][1] end
end
return {cursor, newest, jobs}
