-- Invariant: a key is claimed by one token at a time, until its lease ends or it is settled.
-- KEYS: claim   ARGV: token, lease ms
local held = redis.call('GET', KEYS[1])
if not held then
  redis.call('SET', KEYS[1], 'C' .. ARGV[1], 'NX', 'PX', ARGV[2])
  return {'granted'}
end
if held == 'C' .. ARGV[1] then return {'granted'} end
if held:sub(1, 1) == 'S' then return {'settled', held:sub(2)} end
return {'held', redis.call('PTTL', KEYS[1])}
