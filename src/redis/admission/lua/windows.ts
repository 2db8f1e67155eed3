/**
 * Windows over time: `slidingWindow` by a log of stamps (a list of `stamp:units`, oldest first), `evenly` as one with a
 * spacing, `tokenBucket` by the instant at which it was last full. They are those of `src/limits`, in microseconds.
 */
export const windows = String.raw`
local kinds = {}
local logs = {}

local function logAt(at)
  local log = logs[at]
  if not log then
    log = { key = KEY .. ':log:' .. at, newest = num(at .. 'newest', -INF), added = {}, units = 0, dropped = 0 }
    logs[at] = log
  end
  return log
end

local function stampOfEntry(entry)
  local colon = string.find(entry, ':', 1, true)
  return tonumber(string.sub(entry, 1, colon - 1)), tonumber(string.sub(entry, colon + 1))
end

-- In the order of their stamps, one entry for each.
local function joined(entries)
  table.sort(entries, function(one, other) return one[1] < other[1] end)
  local all = {}
  for _, each in ipairs(entries) do
    local last = all[#all]
    if last and last[1] == each[1] then last[2] = last[2] + each[2] else table.insert(all, each) end
  end
  return all
end

-- Takes out the end of a log, from a stamp on.
local function takeTail(key, sinceUs)
  local tail, isOver = {}, false
  repeat
    local page = redis.call('LRANGE', key, -#tail - 64, -#tail - 1)
    isOver = #page < 64
    for i = #page, 1, -1 do
      local stampUs, units = stampOfEntry(page[i])
      if stampUs < sinceUs then
        isOver = true
        break
      end
      table.insert(tail, { stampUs, units })
    end
  until isOver
  if #tail > 0 then redis.call('LTRIM', key, 0, -#tail - 1) end
  return tail
end

-- Each process tells how long ago its own began or ended: those that come late find their place.
local function writeAdded(at, log)
  local added, entries = joined(log.added), {}
  if added[1][1] <= log.newest then
    local tail = takeTail(log.key, added[1][1])
    for _, each in ipairs(added) do table.insert(tail, each) end
    added = joined(tail)
  end
  for _, each in ipairs(added) do
    if each[2] > 0 then table.insert(entries, text(each[1]) .. ':' .. text(each[2])) end
    -- What should be taken out is not there.
    if each[2] < 0 then set(at .. 'total', num(at .. 'total') - each[2]) end
  end
  write('RPUSH', log.key, entries)
  if #entries == 0 and redis.call('EXISTS', log.key) == 0 then set(at .. 'total', 0) end
end

local function writeLog(at)
  local log = logAt(at)
  if log.isGone then redis.call('DEL', log.key) end
  if log.dropped > 0 then redis.call('LTRIM', log.key, log.dropped, -1) end
  if #log.added > 0 then writeAdded(at, log) end
  log.newest, log.added, log.units, log.dropped, log.isGone = num(at .. 'newest'), {}, 0, 0, false
end

local function writeLogs()
  for at in pairs(logs) do writeLog(at) end
end

-- Lets go what has left the window; once a call, as time stands still in it.
local function forget(limit, at)
  if num(at .. 'total') == 0 then return end
  local log = logAt(at)
  if log.isForgotten or num(at .. 'total') == log.units then return end
  log.isForgotten = true
  local units, size = 0, 1
  while true do
    local page = redis.call('LRANGE', log.key, log.dropped, log.dropped + size - 1)
    for _, entry in ipairs(page) do
      local stamp, count = stampOfEntry(entry)
      if stamp + limit.interval > now then
        if units > 0 then set(at .. 'total', num(at .. 'total') - units) end
        return
      end
      log.dropped, units = log.dropped + 1, units + count
    end
    if #page < size then break end
    size = 64
  end
  set(at .. 'total', log.units)
  -- The server has evicted it: nobody knows what was in it.
  if log.dropped == 0 then set('shut', math.max(num('shut'), now + request.graceUs)) end
end

local function stamp(limit, at, stampUs, units)
  if units == 0 or stampUs + limit.interval <= now then return end
  local log = logAt(at)
  local last = log.added[#log.added]
  if last and last[1] == stampUs then last[2] = last[2] + units else table.insert(log.added, { stampUs, units }) end
  log.units = log.units + units
  set(at .. 'total', num(at .. 'total') + units)
  set(at .. 'newest', math.max(stampUs, num(at .. 'newest')))
end

-- Takes units back out from under a stamp; nothing happens where that has left already.
local function unstamp(limit, at, stampUs, units) stamp(limit, at, stampUs, -units) end

-- The stamp of the unit with whose leaving at least this many will have left; nil where it holds fewer.
local function stampOf(at, units)
  local key, left, from = logAt(at).key, units, 0
  writeLog(at)
  while true do
    local page = redis.call('LRANGE', key, from, from + 63)
    for _, entry in ipairs(page) do
      local stampUs, count = stampOfEntry(entry)
      left = left - count
      if left <= 0 then return stampUs end
    end
    if #page < 64 then return nil end
    from = from + 64
  end
end

-- All that it holds has left.
local function emptyLog(at)
  if num(at .. 'total') == 0 then return end
  local log = logAt(at)
  log.added, log.units, log.dropped, log.newest, log.isGone = {}, 0, 0, -INF, true
end

local function startUnits(at, units)
  set(at .. 'works', num(at .. 'works') + 1)
  set(at .. 'units', num(at .. 'units') + units)
end

-- Sums of fractions drift: while nothing runs they are exactly none.
local function endUnits(at, units)
  local works = num(at .. 'works') - 1
  set(at .. 'works', math.max(works, 0))
  set(at .. 'units', works <= 0 and 0 or num(at .. 'units') - units)
end

local window = {}
kinds.slidingWindow = window

function window.earliest(limit, cost, at)
  forget(limit, at)
  local excess = num(at .. 'units') + num(at .. 'total') + cost - limit.limit
  if excess <= 0 then return now end
  local stampUs = stampOf(at, excess)
  return stampUs and stampUs + limit.interval or INF
end

-- In flight until its start is told, or its end: only the process knows when it has really begun.
function window.take(limit, cost, at) startUnits(at, cost) end

local function startOf(limit, lease) return lease.starts and lease.starts[limit.name] end

function window.started(limit, cost, at, lease, startedUs)
  if limit.countUntil ~= 'start' or startOf(limit, lease) then return end
  endUnits(at, cost)
  stamp(limit, at, startedUs, cost)
  lease.starts = lease.starts or {}
  lease.starts[limit.name] = startedUs
end

function window.finish(limit, cost, at, lease, outcome, endedUs)
  if startOf(limit, lease) then return end
  endUnits(at, cost)
  stamp(limit, at, endedUs, cost)
end

function window.refund(limit, cost, at, lease)
  local startedUs = startOf(limit, lease)
  if startedUs then unstamp(limit, at, startedUs, cost) else endUnits(at, cost) end
end

function window.usage(limit, at)
  forget(limit, at)
  local running = num(at .. 'units')
  local resets = now
  if running > 0 then resets = INF elseif num(at .. 'total') > 0 then resets = num(at .. 'newest') + limit.interval end
  return running + num(at .. 'total'), limit.limit, resets
end

-- When nothing of a key's counts any more, if nothing new comes.
function window.restsAt(limit, at)
  if num(at .. 'works') > 0 then return INF end
  return num(at .. 'total') == 0 and now or num(at .. 'newest') + limit.interval
end

local evenly = {}
kinds.evenly = evenly
local catchUp = 10000

function evenly.earliest(limit, cost, at)
  if cost == 0 then return now end
  local atUs = math.max(num(at .. 'next', -INF), window.earliest(limit, cost, at))
  if atUs > now then set(at .. 'promised', atUs) end
  return math.max(atUs, now)
end

function evenly.take(limit, cost, at)
  window.take(limit, cost, at)
  if cost == 0 then return end
  local promised = tonumber(get(at .. 'promised'))
  local isLate = promised and now >= promised and now - promised < catchUp
  local nextUs = (isLate and promised or now) + cost * limit.interval / limit.limit
  set(at .. 'lastTaken', now)
  set(at .. 'next', nextUs)
  if nextUs <= now then set(at .. 'promised', nextUs) else set(at .. 'promised', nil) end
end

evenly.started = window.started
evenly.finish = window.finish

function evenly.refund(limit, cost, at, lease)
  window.refund(limit, cost, at, lease)
  if lease.takenUs ~= num(at .. 'lastTaken', -1) then return end
  set(at .. 'next', num(at .. 'next') - cost * limit.interval / limit.limit)
end

evenly.usage = window.usage

function evenly.restsAt(limit, at)
  return math.max(window.restsAt(limit, at), num(at .. 'next'))
end

local bucket = {}
kinds.tokenBucket = bucket

local function hasComeIn(limit, at, tokens)
  return tokens <= 0 or (now - num(at .. 'full')) * limit.refill >= tokens * limit.interval
end

local function comesInAt(limit, at, tokens)
  local span = math.ceil(tokens * limit.interval / limit.refill)
  while span * limit.refill < tokens * limit.interval do span = span + 1 end
  while (span - 1) * limit.refill >= tokens * limit.interval do span = span - 1 end
  return num(at .. 'full') + span
end

local function askBucket(limit, at)
  if get(at .. 'full') then return end
  set(at .. 'full', now)
  set(at .. 'taken', limit.missing)
end

local function settleBucket(limit, at)
  if not hasComeIn(limit, at, num(at .. 'taken')) then return end
  set(at .. 'full', now)
  set(at .. 'taken', 0)
end

function bucket.earliest(limit, cost, at)
  if cost > limit.capacity then return INF end
  askBucket(limit, at)
  local missing = num(at .. 'taken') + cost - limit.capacity
  return hasComeIn(limit, at, missing) and now or comesInAt(limit, at, missing)
end

function bucket.take(limit, cost, at)
  if cost == 0 then return end
  askBucket(limit, at)
  settleBucket(limit, at)
  set(at .. 'taken', num(at .. 'taken') + cost)
  set(at .. 'lastTaken', now)
end

function bucket.finish() end

function bucket.refund(limit, cost, at, lease)
  if lease.takenUs == num(at .. 'lastTaken', -1) then set(at .. 'taken', num(at .. 'taken') - cost) end
end

function bucket.usage(limit, at)
  if not get(at .. 'full') then return limit.missing, limit.capacity, INF end
  local taken = num(at .. 'taken')
  if hasComeIn(limit, at, taken) then return 0, limit.capacity, now end
  local used = taken - (now - num(at .. 'full')) * limit.refill / limit.interval
  return math.min(limit.capacity, math.max(0, used)), limit.capacity, comesInAt(limit, at, taken)
end

-- What it holds it keeps, as far as there is room; from now on it fills at the new rate.
function bucket.change(before, after, at)
  if not get(at .. 'full') then return end
  settleBucket(before, at)
  local ratio = (before.refill * after.interval) / (before.interval * after.refill)
  set(at .. 'full', math.ceil(num(at .. 'full') + (now - num(at .. 'full')) * (1 - ratio)))
  set(at .. 'taken', num(at .. 'taken') + after.capacity - before.capacity)
end

function bucket.restsAt(limit, at)
  return get(at .. 'full') and comesInAt(limit, at, num(at .. 'taken')) or now
end
`;
