/**
 * What was used when: a list of `stamp:units` for each window, oldest first. What is new is gathered, and finds its place
 * as it is written.
 */
export const logs = String.raw`
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
`;
