-- Invariant: the entry leaves the queue in the step in which it appears among the delayed ones.
-- KEYS: queue, delayed, dedup
-- ARGV: entry, consumer, delivery count, acceptance, handler, delay ms, job or '' for as it was before the lease
if not owned(KEYS[1], ARGV[1], ARGV[2], ARGV[3]) then return 0 end
local j = ARGV[7]
if j == '' then j = unleased(KEYS[1], ARGV[1], ARGV[3]) end
if not j then return 0 end
redis.call('ZCARD', KEYS[2])
local record = redis.call('GET', KEYS[3])
local jobs = jobs_of(record, ARGV[4])
local job = job_of(jobs, ARGV[5])
local now = redis.call('TIME')
local due = now[1] * 1000 + math.floor(now[2] / 1000) + tonumber(ARGV[6])

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('ZADD', KEYS[2], string.format('%.0f', due), j)
if job then job.state, job.at = 'z', counts_of(j) end
settle(KEYS[3], record, jobs)
return 1
