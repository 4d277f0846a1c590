-- Invariant: no entry refers to the payload when it is gone; every job counts as done.
-- KEYS: dedup, meta, event, then queue, delayed and dead of each handler   ARGV: acceptance, handlers
local record = redis.call('GET', KEYS[1])
local jobs = jobs_of(record, ARGV[1])
if not jobs then return 0 end
local places = {}
for i = 2, #ARGV do
  local at = i * 3 - 2
  places[ARGV[i]] = at
  redis.call('XLEN', KEYS[at])
  redis.call('ZCARD', KEYS[at + 1])
  redis.call('XLEN', KEYS[at + 2])
end
local gone = {}
for i, job in ipairs(jobs) do
  if not places[job.name] then error('CORRUPT a job of an unnamed handler') end
  gone[i] = {job.state, places[job.name], job.at}
  job.state, job.at = 'd', ''
end
local last = ending(KEYS[2], KEYS[3], record, jobs)

for _, job in ipairs(gone) do
  local state, place, at = job[1], job[2], job[3]
  if state == 'q' then
    redis.call('XACK', KEYS[place], 'w', at)
    redis.call('XDEL', KEYS[place], at)
  elseif state == 'z' then
    redis.call('ZREM', KEYS[place + 1], with_counts(KEYS[1]:sub(-16) .. ARGV[1], at))
  elseif state == 'x' then
    redis.call('XDEL', KEYS[place + 2], at)
  end
end
free(KEYS[2], {last})
settle(KEYS[1], record, jobs, last)
return 1
