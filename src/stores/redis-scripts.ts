/**
 * The Lua scripts of a RedisSet. Each is one atomic step over five keys:
 *
 * - pending (SET): can be claimed; also what another program adds by SADD
 * - flights (ZSET): ids in flight, by the time at which their lease ends, in milliseconds
 * - tokens (HASH): id in flight -> token of the claim that holds it
 * - again (SET): ids in flight that a claim found pending again
 * - sequence (STRING): the last token given
 *
 * An error in the middle of a script leaves what it has done. So ids are written to where they go before they are removed
 * from where they were, and no id has a token without an expiry: the worst is an id that is built twice.
 */
const prelude = `
local pending, flights, tokens, again, sequence = unpack(KEYS)

-- Milliseconds, with a fraction: whole ones would let leases end early by up to one.
local function at(time, later)
  return string.format('%.3f', time[1] * 1000 + time[2] / 1000 + later)
end

-- A Redis that is full refuses a script whose first write may take memory, but not its later writes. This one changes
-- nothing: claims and acknowledgements work on a full Redis, so that it can be drained. Adds don't.
local function writeThoughFull()
  redis.call('ZREMRANGEBYSCORE', flights, '+inf', '+inf')
end

local function endFlights(ids)
  redis.call('SREM', again, unpack(ids))
  redis.call('HDEL', tokens, unpack(ids))
  redis.call('ZREM', flights, unpack(ids))
end

local function returnToPending(ids)
  redis.call('SADD', pending, unpack(ids))
  endFlights(ids)
end

local function heldBy(token, ids)
  local held = {}
  for i, holder in ipairs(redis.call('HMGET', tokens, unpack(ids))) do
    if holder == token then held[#held + 1] = ids[i] end
  end
  return held
end
`

/** ARGV: ids. Returns how many were new. */
export const addScript: string = `${prelude}
return redis.call('SADD', pending, unpack(ARGV))
`

/** ARGV: ids. Flights go on. Returns how many were pending. */
export const deleteScript: string = `${prelude}
return redis.call('SREM', again, unpack(ARGV)) + redis.call('SREM', pending, unpack(ARGV))
`

/** ARGV: 'pending', 'again' or 'flights', cursor, count. Returns the next cursor and ids. */
export const scanScript: string = `${prelude}
if ARGV[1] == 'flights' then
  local page = redis.call('ZSCAN', flights, ARGV[2], 'COUNT', ARGV[3])
  local ids = {}
  for i = 1, #page[2], 2 do ids[#ids + 1] = page[2][i] end
  return { page[1], ids }
end
return redis.call('SSCAN', ARGV[1] == 'again' and again or pending, ARGV[2], 'COUNT', ARGV[3])
`

/**
 * ARGV: how many ids at most, lease in ms, token of the claim that this goes on or '', how many expired ids to return to pending.
 * Returns the token, 1 where there may be more to claim, and the ids.
 *
 * The token is the time in microseconds, or one more than the last where that is greater: so it also grows after Redis
 * has lost its data, and no earlier claim has the same one. All of it fits a double: 2^53 microseconds end in 2255.
 */
export const claimScript: string = `${prelude}
local max, lease, token, returnable = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
writeThoughFull()

local expired = redis.call('ZRANGEBYSCORE', flights, '-inf', at(time, 0), 'LIMIT', 0, returnable)
if #expired > 0 then returnToPending(expired) end

if token == '' then
  local last = tonumber(redis.call('GET', sequence) or 0) or 0
  token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
end

-- Not SPOP: an id may leave the pending ones only when its flight is written down.
local found = redis.call('SRANDMEMBER', pending, max)
local claimed, held, expiries, holders = {}, {}, {}, {}
if #found > 0 then
  local expiry = at(time, lease)
  for i, holder in ipairs(redis.call('HMGET', tokens, unpack(found))) do
    local id = found[i]
    if holder then
      held[#held + 1] = id
    else
      claimed[#claimed + 1] = id
      expiries[#expiries + 1] = expiry
      expiries[#expiries + 1] = id
      holders[#holders + 1] = id
      holders[#holders + 1] = token
    end
  end
  if #held > 0 then redis.call('SADD', again, unpack(held)) end
  if #claimed > 0 then
    redis.call('SET', sequence, token)
    redis.call('ZADD', flights, unpack(expiries))
    redis.call('HSET', tokens, unpack(holders))
  end
  redis.call('SREM', pending, unpack(found))
end
return { token, (#found == max or #expired == returnable) and 1 or 0, claimed }
`

/** ARGV: token, ids. Returns how many of those that the claim held were added again. */
export const acknowledgeScript: string = `${prelude}
local held = heldBy(ARGV[1], { unpack(ARGV, 2) })
local back = 0
if #held > 0 then
  writeThoughFull()
  for _, id in ipairs(held) do
    if redis.call('SISMEMBER', again, id) == 1 then
      redis.call('SADD', pending, id)
      back = back + 1
    elseif redis.call('SISMEMBER', pending, id) == 1 then
      back = back + 1
    end
  end
  endFlights(held)
end
return back
`

/** ARGV: token, ids. Returns how many the claim still held. */
export const releaseScript: string = `${prelude}
local held = heldBy(ARGV[1], { unpack(ARGV, 2) })
if #held > 0 then
  writeThoughFull()
  returnToPending(held)
end
return #held
`

/** ARGV: token, lease in ms, ids. Returns how many the claim still holds. */
export const renewScript: string = `${prelude}
local held = heldBy(ARGV[1], { unpack(ARGV, 3) })
if #held > 0 then
  writeThoughFull()
  local expiry = at(redis.call('TIME'), ARGV[2])
  local expiries = {}
  for _, id in ipairs(held) do
    expiries[#expiries + 1] = expiry
    expiries[#expiries + 1] = id
  end
  redis.call('ZADD', flights, unpack(expiries))
end
return #held
`
