import { prelude } from './redis-prelude.ts'

/* The Lua scripts of a RedisSet, each one atomic step. */

/** ARGV: ids. Returns how many were new. */
export const addScript: string = `${prelude}
local added = addToPending(ARGV)
endWaits(ARGV)
return added
`

/** ARGV: ids. Flights go on, and the failures of what is in flight stay known. Returns how many were pending. */
export const deleteScript: string = `${prelude}
local deleted = redis.call('SREM', again, unpack(ARGV)) + redis.call('SREM', pending, unpack(ARGV))
noteIfEmpty()
endWaits(ARGV)
if exists(failures) then
  local landed = {}
  for i, holder in ipairs(redis.call('HMGET', tokens, unpack(ARGV))) do
    if not holder then landed[#landed + 1] = ARGV[i] end
  end
  forgetFailures(landed)
end
return deleted
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
 * ARGV: how many ids at most, lease in ms, token of the claim that this goes on or '', how many expired ids, and how many that are
 * due, to return to pending. Returns the token, 1 where there may be more to claim, the ids, milliseconds to the next that is due
 * or '', and of each id that failed: id, attempts, milliseconds since the first.
 *
 * Where others have claimed since the step that this goes on from, the token is a new one: theirs is greater, and what they held may
 * be among the ids of this step.
 *
 * The token is the time in microseconds, or one more than the last where that is greater: so it also grows after Redis
 * has lost its data, and no earlier claim has the same one. All of it fits a double: 2^53 microseconds end in 2255.
 */
export const claimScript: string = `${prelude}
local max, lease, token, returnable = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local time = redis.call('TIME')
writeThoughFull()

local expired = redis.call('ZRANGEBYSCORE', flights, '-inf', at(time, 0), 'LIMIT', 0, returnable)
if #expired > 0 then returnToPending(expired, time) end

local due = redis.call('ZRANGEBYSCORE', failing, '-inf', at(time, 0), 'LIMIT', 0, returnable)
if #due > 0 then
  addToPending(due, time)
  endWaits(due)
end

local last = tonumber(redis.call('GET', sequence) or 0) or 0
if token == '' or tonumber(token) < last then
  token = string.format('%.0f', math.max(last + 1, time[1] * 1000000 + time[2]))
end

-- Not SPOP: an id may leave the pending ones only when its flight is written down.
local found = redis.call('SRANDMEMBER', pending, max)
local claimed, held, expiries, holders, past = {}, {}, {}, {}, {}
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
  if #claimed > 0 and exists(failures) then
    for i, value in ipairs(redis.call('HMGET', failures, unpack(claimed))) do
      local attempts, first = readFailures(value)
      if first then
        past[#past + 1] = claimed[i]
        past[#past + 1] = attempts
        past[#past + 1] = at(time, -first)
      end
    end
  end
  if #held > 0 then redis.call('SADD', again, unpack(held)) end
  if #claimed > 0 then
    redis.call('SET', sequence, token)
    redis.call('ZADD', flights, unpack(expiries))
    redis.call('HSET', tokens, unpack(holders))
  end
  -- Of what another program has added while it waited.
  endWaits(claimed)
  redis.call('SREM', pending, unpack(found))
  noteIfEmpty()
end

local next = redis.call('ZRANGEBYSCORE', failing, '(' .. at(time, 0), '(+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local more = #found == max or #expired == returnable or #due == returnable
return { token, more and 1 or 0, claimed, next[2] and string.format('%.3f', next[2] - at(time, 0)) or '', past }
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
  forgetFailures(held)
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

/** ARGV: token, ms to wait or '' for parked, error, ids. Returns how many the claim still held. */
export const failScript: string = `${prelude}
local token, wait, error = ARGV[1], ARGV[2], ARGV[3]
local held = heldBy(token, { unpack(ARGV, 4) })
if #held > 0 then
  writeThoughFull()
  local time = redis.call('TIME')
  local noted, back, waiting = {}, {}, {}
  for i, value in ipairs(redis.call('HMGET', failures, unpack(held))) do
    local attempts, first = readFailures(value)
    noted[#noted + 1] = held[i]
    noted[#noted + 1] = (attempts + 1) .. ' ' .. (first or at(time, 0)) .. ' ' .. error
  end
  redis.call('HSET', failures, unpack(noted))

  local due = wait == '' and '+inf' or at(time, wait)
  for _, id in ipairs(held) do
    local isBack = redis.call('SISMEMBER', again, id) + redis.call('SISMEMBER', pending, id) > 0
    if isBack or wait == '0' then
      back[#back + 1] = id
    else
      waiting[#waiting + 1] = due
      waiting[#waiting + 1] = id
    end
  end
  if #waiting > 0 then redis.call('ZADD', failing, unpack(waiting)) end
  if #back > 0 then addToPending(back, time) end
  endFlights(held)
end
return #held
`

/** ARGV: token, the token that takes its place, ids. */
export const replaceTokenScript: string = `${prelude}
local held = heldBy(ARGV[1], { unpack(ARGV, 3) })
local holders = {}
for _, id in ipairs(held) do
  holders[#holders + 1] = id
  holders[#holders + 1] = ARGV[2]
end
if #held > 0 then
  writeThoughFull()
  redis.call('HSET', tokens, unpack(holders))
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

/**
 * ARGV: cursor, count. Returns the next cursor and, of each id that waits or is parked: id, attempts, error, ms since the
 * first, ms to wait or '' for parked.
 */
export const failedScript: string = `${prelude}
local time = redis.call('TIME')
local page = redis.call('ZSCAN', failing, ARGV[1], 'COUNT', ARGV[2])
local ids, dues, rows = {}, {}, {}
for i = 1, #page[2], 2 do
  ids[#ids + 1] = page[2][i]
  dues[#dues + 1] = page[2][i + 1]
end
for i, value in ipairs(#ids > 0 and redis.call('HMGET', failures, unpack(ids)) or {}) do
  local attempts, first, error = readFailures(value)
  rows[#rows + 1] = ids[i]
  -- Where somebody has deleted what was known, it has failed at least once.
  rows[#rows + 1] = math.max(attempts, 1)
  rows[#rows + 1] = error or ''
  rows[#rows + 1] = at(time, -(first or at(time, 0)))
  rows[#rows + 1] = dues[i] == 'inf' and '' or string.format('%.3f', dues[i] - at(time, 0))
end
return { page[1], rows }
`

/**
 * ARGV: up to how many ids added again are looked up among the pending ones, so as not to count them twice. Returns pending, in flight,
 * retrying, parked, and ms since when something was pending, or ''.
 */
export const backlogScript: string = `${prelude}
local now = at(redis.call('TIME'), 0)
local added, returning = redis.call('SCARD', pending), redis.call('SCARD', again)
local twice = returning <= tonumber(ARGV[1]) and #redis.call('SINTER', again, pending) or 0
local due = redis.call('ZCOUNT', failing, '-inf', now)

local oldest = redis.call('GET', since)
if added + returning == 0 then oldest = now end
local firstDue = redis.call('ZRANGEBYSCORE', failing, '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)[2]
if oldest and firstDue then oldest = math.min(oldest, firstDue) end

local count = added + returning - twice + due
return {
  count,
  redis.call('ZCARD', flights),
  redis.call('ZCOUNT', failing, '(' .. now, '(+inf'),
  redis.call('ZCOUNT', failing, '+inf', '+inf'),
  count > 0 and oldest and string.format('%.3f', now - oldest) or ''
}
`

/** Returns the maxmemory-policy, or '' where Redis does not tell. */
export const redisMemoryPolicyScript = `
local info = redis.pcall('INFO', 'memory')
return type(info) == 'string' and string.match(info, 'maxmemory_policy:([%w-]+)') or ''
`
