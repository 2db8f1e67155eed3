/** Work in flight: `concurrency` and `adaptiveConcurrency`, as in `src/limits`. A lease knows itself whether it waits. */
export const slots = String.raw`
local slots = {}
kinds.concurrency = slots

function slots.earliest(limit, cost, at)
  return fits(num(at .. 'units') + cost, limit.limit) and now or INF
end

function slots.take(limit, cost, at) startUnits(at, cost) end

function slots.finish(limit, cost, at) endUnits(at, cost) end

function slots.refund(limit, cost, at) endUnits(at, cost) end

function slots.usage(limit, at)
  local used = num(at .. 'units')
  return used, limit.limit, used > 0 and INF or now
end

function slots.restsAt(limit, at) return num(at .. 'works') > 0 and INF or now end

local adaptive = {}
kinds.adaptiveConcurrency = adaptive

local function levelOf(limit, at) return num(at .. 'limit', limit.initial) end

local function raised(limit, cost, at) return math.min(levelOf(limit, at), num(at .. 'units')) + cost end

local function raisesAt(limit, cost, at)
  local refused = num(at .. 'refused', INF)
  local triesAgain = levelOf(limit, at) < refused and raised(limit, cost, at) >= refused
  return num(at .. 'changed') + (triesAgain and num(at .. 'patience', limit.probeAfter) or limit.probeAfter)
end

local function fitting(at) return num(at .. 'units') - num(at .. 'waiting') end

local function levelHeld(at, level)
  if level >= num(at .. 'refused', INF) then set(at .. 'refused', INF) end
end

local function lower(limit, cost, at, isNew)
  local fits = fitting(at)
  if isNew then
    local isAgain = fits + cost >= num(at .. 'refused', INF)
    local patience = num(at .. 'patience', limit.probeAfter)
    set(at .. 'patience', isAgain and math.min(patience * 2, limit.maxProbeAfter) or limit.probeAfter)
    local level = math.max(limit.min, math.floor(fits * limit.decrease))
    set(at .. 'limit', math.min(levelOf(limit, at), level))
    set(at .. 'lowered', now)
  end
  set(at .. 'limit', math.min(levelOf(limit, at), fits))
  set(at .. 'refused', fits + cost)
  set(at .. 'changed', now)
end

local function setWaiting(limit, cost, at, lease, waits)
  lease.waits = lease.waits or {}
  lease.waits[limit.name] = waits or nil
  local works = num(at .. 'waitingWorks') + (waits and 1 or -1)
  set(at .. 'waitingWorks', works)
  set(at .. 'waiting', works == 0 and 0 or num(at .. 'waiting') + (waits and cost or -cost))
end

local function waitsIn(limit, lease) return lease.waits and lease.waits[limit.name] or false end

function adaptive.earliest(limit, cost, at)
  local wanted = num(at .. 'units') + cost
  if cost == 0 or fits(wanted, levelOf(limit, at)) then return now end
  if not fits(wanted, limit.max) or num(at .. 'waiting') > 0 then return INF end
  if not get(at .. 'changed') then set(at .. 'changed', now) end
  if raisesAt(limit, cost, at) <= now then
    if levelOf(limit, at) >= num(at .. 'refused', INF) then set(at .. 'refused', INF) end
    set(at .. 'limit', raised(limit, cost, at))
    set(at .. 'changed', now)
  end
  return fits(wanted, levelOf(limit, at)) and now or raisesAt(limit, cost, at)
end

function adaptive.take(limit, cost, at) startUnits(at, cost) end

function adaptive.finish(limit, cost, at, lease, outcome)
  set(at .. 'ended', now)
  local hasWaited = waitsIn(limit, lease)
  endUnits(at, cost)
  if hasWaited then setWaiting(limit, cost, at, lease, false) end
  if hasWaited and outcome == 'succeeded' then levelHeld(at, fitting(at) + cost) end
  if outcome == 'no-slot' then
    lower(limit, cost, at, not hasWaited and lease.takenUs >= num(at .. 'lowered', -INF))
  end
end

function adaptive.refund(limit, cost, at, lease)
  endUnits(at, cost)
  if waitsIn(limit, lease) then setWaiting(limit, cost, at, lease, false) end
end

function adaptive.refused(limit, cost, at, lease)
  if cost == 0 then return end
  local isFirst = not waitsIn(limit, lease)
  if isFirst then setWaiting(limit, cost, at, lease, true) end
  lower(limit, cost, at, isFirst and lease.takenUs >= num(at .. 'lowered', -INF))
end

function adaptive.granted(limit, cost, at, lease)
  if not waitsIn(limit, lease) then return end
  setWaiting(limit, cost, at, lease, false)
  levelHeld(at, fitting(at))
end

function adaptive.usage(limit, at)
  local used = num(at .. 'units')
  return used, math.max(limit.min, levelOf(limit, at)), used > 0 and INF or now
end

function adaptive.change(before, after, at, told)
  if told then
    set(at .. 'limit', math.max(after.min, told))
    set(at .. 'changed', now)
  end
  set(at .. 'limit', math.min(levelOf(after, at), after.max))
end

function adaptive.restsAt(limit, at)
  if num(at .. 'works') > 0 then return INF end
  return get(at .. 'changed') and math.max(num(at .. 'changed'), num(at .. 'ended')) + limit.maxProbeAfter or now
end
`;
