-- Invariant: all is of one moment; nothing is written.
-- The record, and what it does not tell of each of its jobs: of a queued one 'l' when a lease of it runs, of a
-- delayed one when it is due, of a dead one why it died. Of none when the record names another handler.
-- KEYS: dedup, then queue, delayed and dead of each handler   ARGV: NOMINAL, handlers
local record = redis.call('GET', KEYS[1])
local places, found = {}, {}
for i = 2, #ARGV do places[ARGV[i]] = i * 3 - 4 end
for i, job in ipairs(record and jobs_of(record, record:sub(2, 17)) or {}) do
  local at = places[job.name]
  if not at then return {record, {}} end
  found[i] = ''
  if job.state == 'q' then
    local pending = redis.call('XPENDING', KEYS[at], 'w', job.at, job.at, 1)
    if pending[1] and pending[1][3] < tonumber(ARGV[1]) then found[i] = 'l' end
  elseif job.state == 'z' then
    local due = redis.call('ZSCORE', KEYS[at + 1], with_counts(KEYS[1]:sub(-16) .. record:sub(2, 17), job.at))
    if not due then error('CORRUPT a delayed job is missing') end
    found[i] = due
  elseif job.state == 'x' then
    local letter = redis.call('XRANGE', KEYS[at + 2], job.at, job.at)
    if not letter[1] then error('CORRUPT a dead letter is missing') end
    found[i] = letter[1][2][4]
  end
end
return {record, found}
