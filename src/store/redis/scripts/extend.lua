-- Invariant: only the entry's owner at this delivery count moves the lease's end; the count stays.
-- KEYS: queue   ARGV: entry, consumer, delivery count, acceptance, handler, idle of a new lease
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('XCLAIM', KEYS[1], 'w', ARGV[2], 0, ARGV[1], 'IDLE', ARGV[6], 'JUSTID')
return 1
