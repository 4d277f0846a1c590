-- Invariant: the dedup record, the payload and one entry per route appear together or not at all.
-- Each delivery is answered by a word and what belongs to it, or by what is wrong; that is no other one's matter.
-- KEYS: meta, then of each: dedup, event, guard or dedup, unrouted or the queues, delayed and dead of each bounded route
-- ARGV: format, then of each: number of routes, number of bounded ones, revision, job, open record without jobs,
-- payload, byte bound or '', guard ('', 'flag', 'reject'), routes, then place among them and bound of each bounded one
local call = redis.call
local added, meta, bytes, checked = 0, nil, nil, {}

local function read_meta()
  local found = call('HMGET', KEYS[1], 'format', 'revision', 'bytes')
  if found[1] and found[1] ~= ARGV[1] then error({err = 'CORRUPT stored format is ' .. found[1]}) end
  bytes = tonumber(found[3])
  if not bytes then error({err = 'CORRUPT byte count is not a number'}) end
  meta = found
end

local function check_queue(queue, route)
  if checked[queue] then return end
  if call('XLEN', queue) == 0 and route and call('EXISTS', queue) == 0 then
    error({err = 'CORRUPT queue of ' .. route .. ' is missing'})
  end
  checked[queue] = true
end

local function accept(k, a, routes)
  local dedup, event, guard = KEYS[k], KEYS[k + 1], KEYS[k + 2]
  local revision, job, open, payload, most, mode = unpack(ARGV, a, a + 5)
  local queues, names = k + 2, a + 5
  local record = call('GET', dedup)
  if record then
    -- Written again, so that a later WAIT on this connection covers it. At maxmemory it is not, which
    -- is no reason to refuse what is stored.
    redis.pcall('SET', dedup, record, 'KEEPTTL')
    return {'duplicate', record}
  end
  if not meta then read_meta() end
  if meta[2] ~= revision then return {'stale'} end
  for i = 1, routes do check_queue(KEYS[queues + i], ARGV[names + i]) end
  if routes == 0 then check_queue(KEYS[queues + 1]) end
  -- The dead letters of each route whose backlog is at its bound.
  local full, at = {}, queues + math.max(routes, 1)
  for i = names + routes + 1, a + 5 + routes + 2 * tonumber(ARGV[a - 1]), 2 do
    local route, delayed, dead = tonumber(ARGV[i]), KEYS[at + 1], KEYS[at + 2]
    call('XLEN', dead)
    if call('XLEN', KEYS[queues + route]) + call('ZCARD', delayed) >= tonumber(ARGV[i + 1]) then full[route] = dead end
    at = at + 2
  end
  local repeated, key = 0, nil
  if mode ~= '' then
    key = job:sub(1, 16)
    local known = call('GET', guard)
    if known and known ~= key then repeated = 1 end
    if repeated == 1 and mode == 'reject' then
      -- As above: what brought these bytes is covered as well.
      redis.pcall('SET', guard, known, 'KEEPTTL')
      return {'repeated'}
    end
  end
  local size = #payload - 4
  if most ~= '' and bytes + added + size > tonumber(most) then return {'full'} end

  -- The first write: Redis refuses it at maxmemory, and nothing has happened. Nor has it when the key
  -- is taken, by whatever it may be.
  if not call('SET', event, payload, 'NX') then error({err = 'CORRUPT the acceptance is there already'}) end
  added = added + size
  record = open
  if next(full) then record = 'X' .. record:sub(2) end
  for i = 1, routes do
    local state, entry
    if full[i] then
      state, entry = 'x', call('XADD', full[i], '*', 'j', job, 'why', 'overflow')
    else
      state, entry = 'q', call('XADD', KEYS[queues + i], '*', 'j', job)
    end
    record = record .. state .. ARGV[names + i] .. '\0' .. entry .. '\0'
  end
  if routes == 0 then
    call('XADD', KEYS[queues + 1], '*', 'j', job, 'r', record)
    call('SET', dedup, 'F' .. record:sub(2, 25), 'PX', tonumber(record:sub(26, 38)))
  else
    call('SET', dedup, record)
  end
  if key then call('SET', guard, key, 'PX', tonumber(record:sub(26, 38))) end
  return {'new', repeated, next(full) and 1 or 0}
end

local answers, k, a = {}, 2, 2
while ARGV[a] do
  local routes, bounded = tonumber(ARGV[a]), tonumber(ARGV[a + 1])
  local went_well, answer = pcall(accept, k, a + 2, routes)
  -- What a call raised is a table, or a text in Redis 6.
  if not went_well and type(answer) ~= 'table' then answer = {err = tostring(answer)} end
  answers[#answers + 1] = answer
  k, a = k + 3 + math.max(routes, 1) + 2 * bounded, a + 8 + routes + 2 * bounded
end
if added > 0 then call('HINCRBY', KEYS[1], 'bytes', added) end
return answers
