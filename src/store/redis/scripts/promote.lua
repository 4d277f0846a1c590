-- Invariant: a job leaves the delayed ones in the step in which it is queued.
-- KEYS: delayed, queue, dedup of each job   ARGV: handler, then each job, all of which were due
check_queue(KEYS[2])
redis.call('ZCARD', KEYS[1])
local records = {}
for i = 3, #KEYS do records[KEYS[i]] = redis.call('GET', KEYS[i]) end

local moved = 0
for i = 3, #KEYS do
  local j = ARGV[i - 1]
  if redis.call('ZREM', KEYS[1], j) == 1 then
    local at = redis.call('XADD', KEYS[2], '*', 'j', j)
    local jobs = jobs_of(records[KEYS[i]], j:sub(17, 32))
    local job = job_of(jobs, ARGV[1])
    if job then job.state, job.at = 'q', at end
    settle(nil, nil, KEYS[i], records[KEYS[i]], jobs)
    moved = moved + 1
  end
end
return moved
