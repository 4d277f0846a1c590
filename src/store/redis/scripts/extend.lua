-- Invariant: only the entry's owner at this delivery count moves the lease's end; the count stays.
-- KEYS: queue   ARGV: entry, consumer, delivery count, idle of a new lease
local p = redis.call('XPENDING', KEYS[1], 'w', ARGV[1], ARGV[1], 1)
if not p[1] or p[1][2] ~= ARGV[2] or p[1][4] ~= tonumber(ARGV[3]) then return 0 end
redis.call('XCLAIM', KEYS[1], 'w', ARGV[2], 0, ARGV[1], 'IDLE', ARGV[4], 'JUSTID')
return 1
