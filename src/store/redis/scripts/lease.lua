-- Invariant: an entry is pending for one consumer; its lease is over when its idle time reaches NOMINAL.
-- The idle time of a new lease is set to NOMINAL minus its length: leases of any length are then
-- found by one threshold, and how long one lasts is decided by who took it, not by who looks.
-- KEYS: queue   ARGV: consumer, max, idle of a new lease, NOMINAL, cursor of the last look
local claimed = redis.call('XAUTOCLAIM', KEYS[1], 'w', ARGV[1], ARGV[4], ARGV[5], 'COUNT', ARGV[2])
local jobs, ids = {}, {}
for _, entry in ipairs(claimed[2]) do
  if entry then
    local pending = redis.call('XPENDING', KEYS[1], 'w', entry[1], entry[1], 1)
    jobs[#jobs + 1] = {entry[1], pending[1][4], entry[2]}
    ids[#ids + 1] = entry[1]
  end
end
local left = tonumber(ARGV[2]) - #jobs
if left > 0 then
  local read = redis.call('XREADGROUP', 'GROUP', 'w', ARGV[1], 'COUNT', left, 'STREAMS', KEYS[1], '>')
  for _, entry in ipairs(read and read[1][2] or {}) do
    jobs[#jobs + 1] = {entry[1], 1, entry[2]}
    ids[#ids + 1] = entry[1]
  end
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
return {claimed[1], newest, jobs}
