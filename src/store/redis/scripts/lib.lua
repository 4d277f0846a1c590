-- What the scripts that change a job's state have in common.
--
-- A job, in queues, among the delayed and the dead: key 16 bytes, acceptance 16, then big-endian
-- attempt, deliveries before this entry, replays and payload bytes, 4 bytes each.
-- An open record: state (A, or X with a dead job), acceptance 16, digest 8, window in 13 digits of
-- milliseconds, and each job as its state, its handler, NUL, where it is, NUL. Where: of a queued
-- (q) or dead (x) one its entry, of a delayed one (z) the job's four numbers, of a done one (d) nothing.
-- A finished one: F, acceptance, digest, and the number of each handler in 2 bytes.

-- The jobs of an open record of this acceptance; nil for any other record.
local function jobs_of(record, acceptance)
  if not record or record:sub(1, 1) == 'F' or record:sub(2, 17) ~= acceptance then return nil end
  local jobs = {}
  for state, name, at in record:sub(39):gmatch('(.)([^%z]*)%z([^%z]*)%z') do
    jobs[#jobs + 1] = {state = state, name = name, at = at}
  end
  return jobs
end

local function job_of(jobs, name)
  for _, job in ipairs(jobs or {}) do
    if job.name == name then return job end
  end
end

-- A field of meta as it was when it was first asked for.
local known = {}
local function once(meta, field)
  if known[field] == nil then known[field] = redis.call('HGET', meta, field) end
  return known[field]
end

-- What must be known before the event can be finished; nil when a job is not done. Only reads.
local function ending(meta, event, record, jobs)
  if not jobs then return nil end
  for _, job in ipairs(jobs) do
    if job.state ~= 'd' then return nil end
  end
  if not tonumber(once(meta, 'bytes')) then error('CORRUPT byte count is not a number') end
  local finished = 'F' .. record:sub(2, 25)
  for _, job in ipairs(jobs) do
    finished = finished .. struct.pack('>I2', tonumber(once(meta, 'n:' .. job.name) or 65535))
  end
  local window = record:match('^0*(%d+)', 26)
  if not window then error('CORRUPT the window in a record is not a number') end
  local size = redis.call('STRLEN', event)
  return {event = event, size = math.max(size - 4, 0), record = finished, window = window}
end

-- Only writes: the record with its jobs as they are now, or the event's end, with which the window starts.
local function settle(dedup, record, jobs, last)
  if last then
    -- As text: Redis and Lua take long over numbers.
    redis.call('SET', dedup, last.record, 'PX', last.window)
  elseif jobs then
    local state, parts = 'A', {}
    for i, job in ipairs(jobs) do
      if job.state == 'x' then state = 'X' end
      parts[i] = job.state .. job.name .. '\0' .. job.at .. '\0'
    end
    redis.call('SET', dedup, state .. record:sub(2, 38) .. table.concat(parts))
  end
end

-- Only writes: the payloads of events that have ended go.
local function free(meta, ended)
  if #ended == 0 then return end
  local events, size = {}, 0
  for i, last in ipairs(ended) do
    events[i], size = last.event, size + last.size
  end
  redis.call('UNLINK', unpack(events))
  -- Not -size: Lua writes a negative zero as "-0", which is no integer to Redis.
  redis.call('HINCRBY', meta, 'bytes', 0 - size)
end

-- Whether the entry is this consumer's at this delivery count.
local function owned(queue, entry, consumer, count)
  local p = redis.call('XPENDING', queue, 'w', entry, entry, 1)
  return p[1] and p[1][2] == consumer and p[1][4] == tonumber(count)
end

-- A leased job as it was before the lease; nil when the entry is gone.
local function unleased(queue, entry, count)
  local found = redis.call('XRANGE', queue, entry, entry)
  if not found[1] then return nil end
  local j = found[1][2][2]
  return j:sub(1, 36) .. struct.pack('>I4', struct.unpack('>I4', j, 37) + count - 1) .. j:sub(41)
end

-- A job's numbers as text, and a job made of its names and them.
local function counts_of(j)
  return string.format('%.0f:%.0f:%.0f:%.0f', struct.unpack('>I4I4I4I4', j, 33))
end

local function with_counts(names, text)
  return names .. struct.pack('>I4I4I4I4', text:match('^(%d+):(%d+):(%d+):(%d+)$'))
end

-- Fails unless the key is a stream; a queue without its group would never be read.
local function check_queue(queue)
  if redis.call('XLEN', queue) == 0 and redis.call('EXISTS', queue) == 0 then error('CORRUPT a queue is missing') end
end

