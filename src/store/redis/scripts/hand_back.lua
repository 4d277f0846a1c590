-- Invariant: the entry is replaced by one that counts this lease as never taken.
-- KEYS: queue   ARGV: entry, consumer, delivery count
local p = redis.call('XPENDING', KEYS[1], 'w', ARGV[1], ARGV[1], 1)
if not p[1] or p[1][2] ~= ARGV[2] or p[1][4] ~= tonumber(ARGV[3]) then return 0 end
local entry = redis.call('XRANGE', KEYS[1], ARGV[1], ARGV[1])
if not entry[1] then return 0 end
local fields = entry[1][2]
for i = 1, #fields, 2 do
  if fields[i] == 'd' then fields[i + 1] = fields[i + 1] + ARGV[3] - 1 end
end

redis.call('XACK', KEYS[1], 'w', ARGV[1])
redis.call('XDEL', KEYS[1], ARGV[1])
redis.call('XADD', KEYS[1], '*', unpack(fields))
return 1
