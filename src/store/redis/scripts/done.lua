-- Invariant: the entry of each job that is ours goes; with an event's last job the payload goes and the window starts.
-- Each job is answered by 1, by 0 when it is not ours any more, or by what is wrong with its record.
-- KEYS: queue, meta, then event and dedup of each job
-- ARGV: consumer, handler, then entry, delivery count and acceptance of each job; the entries in order
local queue, meta, consumer, name, count = KEYS[1], KEYS[2], ARGV[1], ARGV[2], (#ARGV - 2) / 3
local most, held, taken = 2 * count, {}, {}
local pending = redis.call('XPENDING', queue, 'w', ARGV[3], ARGV[3 * count], most, consumer)
for _, p in ipairs(pending) do held[p[1]] = p[4] end

-- Whether the entry is ours at this delivery count; so that it is taken once, though it be asked for twice.
local function mine(entry, deliveries)
  if taken[entry] then return false end
  if not held[entry] and #pending == most then return owned(queue, entry, consumer, deliveries) end
  return held[entry] == tonumber(deliveries)
end

local answers, entries, changed, ended = {}, {}, {}, {}
for i = 1, count do
  local entry, mark, fenced = ARGV[3 * i], ARGV[3 * i + 2], true
  fenced = mine(entry, ARGV[3 * i + 1])
  local record = fenced and redis.pcall('GET', KEYS[2 * i + 2])
  if not fenced then
    answers[i] = 0
  elseif type(record) == 'table' then
    answers[i] = record
  else
    -- Another acceptance's record is not touched, here as everywhere.
    local jobs = jobs_of(record, mark)
    local job = job_of(jobs, name)
    if job then job.state, job.at = 'd', '' end
    taken[entry] = true
    entries[#entries + 1] = entry
    local last = ending(meta, KEYS[2 * i + 1], record, jobs)
    ended[#ended + 1] = last
    changed[#changed + 1] = {KEYS[2 * i + 2], record, jobs, last}
    answers[i] = 1
  end
end
if #entries == 0 then return answers end
redis.call('XACK', queue, 'w', unpack(entries))
redis.call('XDEL', queue, unpack(entries))
free(meta, ended)
for _, change in ipairs(changed) do settle(change[1], change[2], change[3], change[4]) end
return answers
