-- Invariant: the entry leaves the queue in the step in which it appears among the dead; the payload stays.
-- KEYS: queue, dead, dedup   ARGV: entry, consumer, delivery count, acceptance, handler, job, reason
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
redis.call('XLEN', KEYS[2])
local record = redis.call('GET', KEYS[3])
local jobs = jobs_of(record, ARGV[4])
local job = job_of(jobs, ARGV[5])

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
local at = redis.call('XADD', KEYS[2], '*', 'j', ARGV[6], 'why', ARGV[7])
if job then job.state, job.at = 'x', at end
settle(KEYS[3], record, jobs)
return 1
