-- Invariant: a dead letter goes in the step in which its job is queued, as new but for its replays.
-- KEYS: dedup, then dead and queue of each handler   ARGV: acceptance, then handler and entry of each
local entries = {}
for i = 2, #ARGV, 2 do
  local letter = redis.call('XRANGE', KEYS[i], ARGV[i + 1], ARGV[i + 1])
  entries[i] = letter[1] and letter[1][2][2]
  if entries[i] and entries[i]:sub(17, 32) ~= ARGV[1] then entries[i] = nil end
  check_queue(KEYS[i + 1])
end
local record = redis.call('GET', KEYS[1])
local jobs = jobs_of(record, ARGV[1])

local count = 0
for i = 2, #ARGV, 2 do
  if entries[i] then
    redis.call('XDEL', KEYS[i], ARGV[i + 1])
    local j = entries[i]
    local replays = math.min(struct.unpack('>I4', j, 41) + 1, 4294967295)
    local at = redis.call('XADD', KEYS[i + 1], '*', 'j', j:sub(1, 32) .. struct.pack('>I4I4I4', 0, 0, replays) .. j:sub(45))
    local job = job_of(jobs, ARGV[i])
    if job then job.state, job.at = 'q', at end
    count = count + 1
  end
end
if count > 0 then settle(KEYS[1], record, jobs) end
return count
