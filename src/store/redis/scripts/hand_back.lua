-- Invariant: the entry is replaced by one that counts this lease as never taken.
-- KEYS: queue, dedup   ARGV: entry, consumer, delivery count, acceptance, handler
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local j = unleased(KEYS[1], ARGV[1], ARGV[3])
if not j then return 0 end
local record = redis.call('GET', KEYS[2])
local jobs = jobs_of(record, ARGV[4])
local job = job_of(jobs, ARGV[5])

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
local at = redis.call('XADD', KEYS[1], '*', 'j', j)
if job then job.at = at end
settle(KEYS[2], record, jobs)
return 1
