-- Invariant: a job leaves the delayed ones in the step in which it is queued, or dead for a reason.
-- KEYS: delayed, queue or dead, dedup of each job
-- ARGV: handler, '' to queue them or the reason, then each job; those that are not there any more are left alone
local why = ARGV[2]
if why == '' then check_queue(KEYS[2]) else redis.call('XLEN', KEYS[2]) end
redis.call('ZCARD', KEYS[1])
local records = {}
for i = 3, #KEYS do records[KEYS[i]] = redis.call('GET', KEYS[i]) end

local moved = 0
for i = 3, #KEYS do
  local j = ARGV[i]
  if redis.call('ZREM', KEYS[1], j) == 1 then
    local state, at = 'q', nil
    if why == '' then
      at = redis.call('XADD', KEYS[2], '*', 'j', j)
    else
      state, at = 'x', redis.call('XADD', KEYS[2], '*', 'j', j, 'why', why)
    end
    local jobs = jobs_of(records[KEYS[i]], j:sub(17, 32))
    local job = job_of(jobs, ARGV[1])
    if job then job.state, job.at = state, at end
    settle(KEYS[i], records[KEYS[i]], jobs)
    moved = moved + 1
  end
end
return moved
