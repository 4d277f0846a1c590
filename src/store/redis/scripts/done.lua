-- Invariant: the entry goes; with the event's last one the payload goes and the window starts.
-- KEYS: queue, meta, event, dedup   ARGV: entry, consumer, delivery count, acceptance, handler
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local record = redis.call('GET', KEYS[4])
-- Another acceptance's record is not touched, here as everywhere.
local jobs = jobs_of(record, ARGV[4])
local job = job_of(jobs, ARGV[5])
if job then job.state, job.at = 'd', '' end
local last = ending(KEYS[2], KEYS[3], record, jobs)

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
settle(KEYS[2], KEYS[3], KEYS[4], record, jobs, last)
return 1
