-- Invariant: only the token that holds a key settles it.
-- KEYS: claim   ARGV: token, keep ms, reply
if redis.call('GET', KEYS[1]) ~= 'C' .. ARGV[1] then return 0 end
-- At maxmemory, too: it has run.
redis.call('DEL', KEYS[1])
redis.call('SET', KEYS[1], 'S' .. ARGV[3], 'PX', ARGV[2])
return 1
