/** Windows over time: `slidingWindow` by a log of stamps, `evenly` as one with a spacing, as in `src/limits`. */
export const windows = String.raw`
local window = {}
kinds.slidingWindow = window

function window.earliest(limit, cost, at)
  forget(limit, at)
  local over = excess(num(at .. 'units') + num(at .. 'total') + cost, limit.limit)
  if over <= 0 then return now end
  local stampUs = stampOf(at, over)
  -- Sums of fractions drift: while nothing runs, there is room for sure once all of them have left.
  local isToLeave = num(at .. 'units') == 0 and num(at .. 'total') > 0 and cost <= limit.limit
  if not stampUs and isToLeave then stampUs = num(at .. 'newest') end
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
  local used = running + num(at .. 'total')
  -- What is granted ahead takes the place of what has yet to leave.
  if num('ahead') > now then used = math.min(used, limit.limit) end
  return used, limit.limit, resets
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
  local spacing = limit.interval / limit.limit
  local nextUs = (isLate and promised or now) + cost * spacing
  set(at .. 'lastTaken', now)
  set(at .. 'lastSpacing', spacing)
  set(at .. 'next', nextUs)
  if nextUs <= now then set(at .. 'promised', nextUs) else set(at .. 'promised', nil) end
end

evenly.started = window.started
evenly.finish = window.finish

function evenly.refund(limit, cost, at, lease)
  window.refund(limit, cost, at, lease)
  if lease.takenUs ~= num(at .. 'lastTaken', -1) then return end
  set(at .. 'next', num(at .. 'next') - cost * num(at .. 'lastSpacing', limit.interval / limit.limit))
end

evenly.usage = window.usage

function evenly.restsAt(limit, at)
  return math.max(window.restsAt(limit, at), num(at .. 'next'))
end
`;
