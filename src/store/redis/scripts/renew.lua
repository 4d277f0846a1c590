-- Invariant: only the token that holds a key prolongs its lease.
-- KEYS: claim   ARGV: token, lease ms
if redis.call('GET', KEYS[1]) ~= 'C' .. ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
