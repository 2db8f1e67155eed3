/** What one piece of work takes of all limits, and gives back: a lease, which belongs to the process that holds it. */
export const leases = String.raw`
local plan

local function costIn(limit, cost)
  if type(cost) == 'number' then return cost end
  return cost[limit.name] or 1
end

local function scopeOf(limit, key)
  if limit.keyed then return 'k|' .. limit.name .. '|' .. key .. '|' end
  return 's|' .. limit.name .. '|'
end

local ownFigures = {}

-- A key may have figures of its own.
local function figuresOf(limit, at)
  if not limit.keyed then return limit end
  local own = ownFigures[at]
  if own == nil then
    local figures = get(at .. 'figures')
    own = figures and cjson.decode(figures) or limit
    own.name = limit.name
    ownFigures[at] = own
  end
  return own
end

local function eachLimit(cost, key, visit)
  for _, limit in ipairs(plan.limits) do
    local at = scopeOf(limit, key)
    local own = figuresOf(limit, at)
    visit(kinds[own.type], own, costIn(limit, cost), at, limit.keyed)
  end
end

-- When all limits would let it start, and whether those of its own key alone hold it back.
local function earliestOf(cost, key)
  local atUs, ownUs = math.max(now, num('shut')), now
  eachLimit(cost, key, function(kind, limit, units, at, isKeyed)
    if atUs == INF and not isKeyed then return end
    local limitUs = units > (limit.limit or limit.capacity or limit.max) and INF or kind.earliest(limit, units, at)
    atUs = math.max(atUs, limitUs)
    if isKeyed then ownUs = math.max(ownUs, limitUs) end
  end)
  if atUs < INF then atUs = math.max(atUs, gate.earliest(plan.rampStep)) end
  if ownUs > now then return ownUs, true end
  return atUs, false
end

local fieldsOfKey = {
  'units', 'works', 'total', 'newest', 'next', 'promised', 'lastTaken', 'lastSpacing', 'full', 'taken', 'limit', 'changed', 'lowered',
  'ended', 'refused', 'patience', 'waiting', 'waitingWorks', 'figures',
}

local SWEEP = KEY .. ':sweep'
local lookAgainUs, swept = 60000000, 8
local isWaitedFor

local function letRestAt(limit, at, atUs)
  ranks.place(SWEEP, limit.name .. '\n' .. at, atUs)
  -- As many leave as come.
  swept = swept + 1
end

-- A key costs memory only while something of it counts, or somebody waits whom its own figures are for.
local function letRest(kind, limit, at, key)
  local restsUs = kind.restsAt and kind.restsAt(limit, at) or now
  if restsUs == INF then return end
  if restsUs <= now and get(at .. 'figures') and isWaitedFor(key) then restsUs = now + lookAgainUs end
  if restsUs > now then
    letRestAt(limit, at, restsUs)
    return
  end
  if kind.restsAt then emptyLog(at) end
  for _, field in ipairs(fieldsOfKey) do set(at .. field, nil) end
end

-- A key is told of with its own figures, if it has some; without, it has none any more.
local function setFigures(limit, key, figures)
  local at = scopeOf(limit, key)
  if not figures and not get(at .. 'figures') then return end
  local before = figuresOf(limit, at)
  set(at .. 'figures', figures)
  ownFigures[at] = nil
  local own = figuresOf(limit, at)
  if kinds[own.type].change and before.type == own.type then kinds[own.type].change(before, own, at) end
  if own.timeZone then knowZone(own.timeZone) end
  -- Who waits may leave.
  letRestAt(limit, at, now + lookAgainUs)
end

local function sweep()
  if not plan.isKeyed then return end
  for _ = 1, swept do
    local first = ranks.first(SWEEP)
    if not first or first.tag > now then return end
    local member = first.member
    ranks.leave(SWEEP, member)
    local newline = string.find(member, '\n', 1, true)
    local name, at = string.sub(member, 1, newline - 1), string.sub(member, newline + 1)
    for _, limit in ipairs(plan.limits) do
      if limit.name == name then
        letRest(kinds[limit.type], figuresOf(limit, at), at, string.sub(at, #name + 4, -2))
      end
    end
  end
end

local function heldBy(pid) return KEY .. ':held:' .. pid end

local function keep(pid, id, lease)
  hashes.put(heldBy(pid), id, cmsgpack.pack(lease))
end

local function runsOf(key) return 'k|runs|' .. key end

-- How much of a key's work has started and not ended, where a budget of its own asks.
local function countRuns(key, by)
  if not plan.hasBudget or not plan.isKeyed then return end
  local runs = num(runsOf(key)) + by
  set(runsOf(key), runs > 0 and runs or nil)
end

-- What it costs for good may have been spent already, under a lease that has ended.
local function grant(pid, cost, key, takenUs, isSpent)
  local lease = { cost = cost, key = key, takenUs = takenUs, isSpent = isSpent or nil }
  eachLimit(cost, key, function(kind, limit, units, at) kind.take(limit, units, at, lease) end)
  gate.take(plan.rampStep)
  local id = num('grants') + 1
  set('grants', id)
  set('active', num('active') + 1)
  countRuns(key, 1)
  keep(pid, text(id), lease)
  return id
end

-- As of an instant that is still to come.
local function grantAt(atUs, pid, cost, key)
  local nowUs = now
  now = atUs
  local id = grant(pid, cost, key, atUs)
  now = nowUs
  return id
end

local function takeBack(pid, id)
  local packed = hashes.get(heldBy(pid), text(id))
  if not packed then return nil end
  hashes.put(heldBy(pid), text(id), nil)
  set('active', math.max(0, num('active') - 1))
  local lease = cmsgpack.unpack(packed)
  countRuns(lease.key, -1)
  return lease
end

-- Told from the process' own clock how long ago it ended: a call that took its time costs nobody anything.
local function finish(lease, outcome, ageUs)
  local endedUs = math.max(lease.takenUs, now - ageUs)
  eachLimit(lease.cost, lease.key, function(kind, limit, units, at, isKeyed)
    kind.finish(limit, units, at, lease, outcome, endedUs)
    if isKeyed then letRest(kind, limit, at, lease.key) end
  end)
  gate.finish(lease, outcome)
end

local function refund(lease)
  eachLimit(lease.cost, lease.key, function(kind, limit, units, at, isKeyed)
    kind.refund(limit, units, at, lease)
    if isKeyed then letRest(kind, limit, at, lease.key) end
  end)
  gate.refund(lease)
end

-- Something has happened to work that goes on.
local function retell(pid, id, what, ageUs)
  local packed = hashes.get(heldBy(pid), text(id))
  if not packed then return nil end
  local lease = cmsgpack.unpack(packed)
  local atUs = math.max(lease.takenUs, now - (ageUs or 0))
  eachLimit(lease.cost, lease.key, function(kind, limit, units, at)
    if kind[what] then kind[what](limit, units, at, lease, atUs) end
  end)
  keep(pid, text(id), lease)
  return lease.key
end
`;
