-- Invariant: a dead letter goes and its job counts as done.
-- KEYS: dead, meta, event, dedup   ARGV: entry, acceptance, handler
local letter = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if not letter[1] or letter[1][2][2]:sub(17, 32) ~= ARGV[2] then return 0 end
local record = redis.call('GET', KEYS[4])
local jobs = jobs_of(record, ARGV[2])
local job = job_of(jobs, ARGV[3])
if job then job.state, job.at = 'd', '' end
local last = ending(KEYS[2], KEYS[3], record, jobs)

redis.call('XDEL', KEYS[1], ARGV[1])
free(KEYS[2], {last})
settle(KEYS[4], record, jobs, last)
return 1
