-- Invariant: only the token that holds a key releases it.
-- KEYS: claim   ARGV: token
if redis.call('GET', KEYS[1]) ~= 'C' .. ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
