/**
 * What every script of a RedisSet begins with. Each script is one atomic step over eight keys:
 *
 * - pending (SET): can be claimed; also what another program adds by SADD
 * - flights (ZSET): ids in flight, by the time at which their lease ends, in milliseconds
 * - tokens (HASH): id in flight -> token of the claim that holds it
 * - again (SET): ids in flight that a claim found pending again
 * - sequence (STRING): the last token given
 * - failing (ZSET): ids that wait after a failure, by the time at which they are due; parked ones at +inf
 * - failures (HASH): id -> attempts, time of the first in milliseconds, last error, with a space between
 * - since (STRING): from when on `pending` and `again` were never both empty; absent where that is not known
 *
 * An error in the middle of a script leaves what it has done. So ids are written to where they go before they are removed
 * from where they were, and no id has a token without an expiry: the worst is an id that is built twice.
 */
export const prelude = `
local pending, flights, tokens, again, sequence, failing, failures, since = unpack(KEYS)

-- Milliseconds, with a fraction: whole ones would let leases end early by up to one.
local function at(time, later)
  return string.format('%.3f', time[1] * 1000 + time[2] / 1000 + later)
end

-- A Redis that is full refuses a script whose first write may take memory, but not its later writes. This one changes
-- nothing: claims and acknowledgements work on a full Redis, so that it can be drained. Adds don't.
local function writeThoughFull()
  redis.call('ZREMRANGEBYSCORE', flights, '+inf', '+inf')
end

local function exists(...)
  return redis.call('EXISTS', ...) > 0
end

-- What others add to an empty set has no time, and none is known until the set was empty again.
local function addToPending(ids, time)
  local wasEmpty = not exists(pending, again)
  local added = redis.call('SADD', pending, unpack(ids))
  if wasEmpty then redis.call('SET', since, at(time or redis.call('TIME'), 0)) end
  return added
end

local function noteIfEmpty()
  if not exists(pending, again) then redis.call('DEL', since) end
end

-- Most sets have no failures: a look is all that they cost then.
local function endWaits(ids)
  if #ids > 0 and exists(failing) then redis.call('ZREM', failing, unpack(ids)) end
end

local function forgetFailures(ids)
  if #ids > 0 and exists(failures) then redis.call('HDEL', failures, unpack(ids)) end
end

local function readFailures(value)
  local attempts, first, error = string.match(value or '', '^(%d+) ([%d.]+) (.*)$')
  return tonumber(attempts or 0), first, error
end

local function endFlights(ids)
  redis.call('SREM', again, unpack(ids))
  redis.call('HDEL', tokens, unpack(ids))
  redis.call('ZREM', flights, unpack(ids))
end

local function returnToPending(ids, time)
  addToPending(ids, time)
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
