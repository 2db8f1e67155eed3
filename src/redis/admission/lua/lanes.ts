/**
 * Who is next, over all processes. Work waits in lanes, one for each process, key and priority, first in, first out. Of
 * one priority the keys take turns by their weights, and within a key the processes: start-time fair queueing (Goyal, Vin,
 * Cheng 1996), a sorted set of virtual start times for each. A lane that has run empty keeps its tag until its turn has
 * come, so that who comes back at once does not go before those who waited.
 *
 * A lane is named `process/number/weight`.
 */
export const lanes = String.raw`
local PARKED, PRIORITIES = KEY .. ':parked', KEY .. ':priorities'

local laneAt = {}

-- What the name of a lane says.
local function laneCalled(name)
  local lane = laneAt[name]
  if not lane then
    local pid, number, weight = string.match(name, '^([^/]+)/([^/]+)/(.*)$')
    lane = { pid = pid, number = number, weight = tonumber(weight), wanted = KEY .. ':want:' .. pid .. '/' .. number }
    laneAt[name] = lane
  end
  return lane
end

local function wantedIn(name) return laneCalled(name).wanted end
local function turnsOf(priority) return KEY .. ':turns:' .. priority end
local function lanesOf(priority, key) return KEY .. ':lanes:' .. priority .. ':' .. key end

-- A newcomer starts level with whoever is next.
local function join(rank, member)
  if ranks.tagOf(rank, member) then return end
  local first = ranks.first(rank)
  ranks.place(rank, member, first and first.tag or 0)
end

local function enlist(priority, key, lane)
  if not ranks.tagOf(PRIORITIES, priority) then ranks.place(PRIORITIES, priority, -tonumber(priority)) end
  join(lanesOf(priority, key), lane)
  if plan.isKeyed and ranks.tagOf(PARKED, priority .. '\n' .. key) then return end
  join(turnsOf(priority), key)
end

local function tagOf(priority, key) return 'k|tag|' .. priority .. '|' .. key end

local function park(priority, key, untilUs)
  set(tagOf(priority, key), ranks.tagOf(turnsOf(priority), key))
  ranks.leave(turnsOf(priority), key)
  ranks.place(PARKED, priority .. '\n' .. key, untilUs)
end

local function unpark(priority, key)
  if not plan.isKeyed or not ranks.tagOf(PARKED, priority .. '\n' .. key) then return end
  ranks.leave(PARKED, priority .. '\n' .. key)
  local first = ranks.first(turnsOf(priority))
  ranks.place(turnsOf(priority), key, math.max(num(tagOf(priority, key)), first and first.tag or 0))
  set(tagOf(priority, key), nil)
end

local function unparkKey(key)
  if not plan.isKeyed then return end
  for _, priority in ipairs(ranks.all(PRIORITIES)) do unpark(priority, key) end
end

local function unparkUntil(untilUs)
  if not plan.isKeyed then return end
  local first = ranks.first(PARKED)
  while first and first.tag <= untilUs do
    unpark(string.match(first.member, '^(.-)\n(.*)$'))
    first = ranks.first(PARKED)
  end
end

function isWaitedFor(key)
  for _, priority in ipairs(ranks.all(PRIORITIES)) do
    if ranks.tagOf(turnsOf(priority), key) or ranks.tagOf(PARKED, priority .. '\n' .. key) then return true end
  end
  return false
end

local function passOver(priority, key, lane)
  local pid = laneCalled(lane).pid
  ranks.leave(lanesOf(priority, key), lane)
  lists.append(passedBy(pid), priority .. '\n' .. key .. '\n' .. lane)
  hashes.put(ofProcess(pid), 'hasPassed', 1)
  ask(pid)
end

local function takePlacesBack()
  if not hashes.get(ofProcess(caller), 'hasPassed') then return end
  hashes.put(ofProcess(caller), 'hasPassed', nil)
  for _, place in ipairs(lists.all(passedBy(caller))) do
    enlist(string.match(place, '^(.-)\n(.-)\n(.*)$'))
  end
  lists.replace(passedBy(caller), {})
end

local function forgetLane(priority, key, lane)
  ranks.leave(lanesOf(priority, key), lane)
  lists.replace(wantedIn(lane), {})
end

-- The first lane of a key with somebody in it, and what that costs.
local function headOf(priority, key)
  while true do
    local first = ranks.first(lanesOf(priority, key))
    if not first then return nil end
    local lane = first.member
    local pid = laneCalled(lane).pid
    if not isAlive(pid) then
      forgetLane(priority, key, lane)
    elseif isStalled(pid) then
      passOver(priority, key, lane)
    else
      local cost = lists.first(wantedIn(lane))
      if cost then return lane, tonumber(cost) or cjson.decode(cost) end
      ranks.leave(lanesOf(priority, key), lane)
    end
  end
end

local function moveBack(rank, member, by) ranks.place(rank, member, ranks.tagOf(rank, member) + by) end

local function serve(priority, key, lane, cost)
  lists.shift(wantedIn(lane))
  local size = type(cost) == 'number' and cost > 0 and cost or 1
  moveBack(turnsOf(priority), key, size / laneCalled(lane).weight)
  moveBack(lanesOf(priority, key), lane, size)
end

-- Nothing runs that could give something back: a budget that refuses has too little left for it.
local function unpayable(cost, key)
  local found
  eachLimit(cost, key, function(kind, limit, units, at)
    if found or limit.type ~= 'budget' or limit.whenSpent ~= 'refuse' then return end
    if kind.earliest(limit, units, at) == INF then
      found = cjson.encode(limit.name) .. ',' .. text(limit.limit - num(at .. 'spent'))
    end
  end)
  return found
end

-- Gives up everybody in a lane who can never be paid for, wherever he stands.
local function giveUpIn(lane, key)
  local left, count = {}, 0
  for _, cost in ipairs(lists.all(wantedIn(lane))) do
    local reason = isAlive(laneCalled(lane).pid) and unpayable(tonumber(cost) or cjson.decode(cost), key)
    if reason then
      post(laneCalled(lane).pid, '0,' .. laneCalled(lane).number .. ',' .. reason .. ',' .. #left)
      count = count + 1
    else
      table.insert(left, cost)
    end
  end
  if count > 0 then lists.replace(wantedIn(lane), left) end
  return count
end

local function giveUpUnpayable()
  local count = 0
  unparkUntil(INF)
  for _, priority in ipairs(ranks.all(PRIORITIES)) do
    for _, key in ipairs(ranks.all(turnsOf(priority))) do
      for _, lane in ipairs(ranks.all(lanesOf(priority, key))) do count = count + giveUpIn(lane, key) end
    end
  end
  return count
end

local mostGrants = 1000
local wakeUs, wakes = INF, nil

local function holdBack(atUs, lane)
  if atUs < wakeUs then wakeUs, wakes = atUs, laneCalled(lane).pid end
end

-- What time alone lets in within so long is granted now, to start then, so that nobody has to ask for it; in its turn,
-- and where nothing but what is told to all can come between.
local function aheadUntil()
  if request.aheadUs == 0 or now < num('shut') or not gate.isOpen() then return now end
  local untilUs = now + request.aheadUs
  for _, limit in ipairs(plan.limits) do
    if limit.type == 'dailyQuota' then
      local _, _, dayEndsUs = quota.usage(limit, scopeOf(limit, ''))
      untilUs = math.min(untilUs, dayEndsUs - 1)
    end
  end
  return untilUs
end

-- Admits in turn until the next one must wait for something that is everybody's.
local function admitInTurn(priority, untilUs)
  while true do
    local first = ranks.first(turnsOf(priority))
    -- A lane that is passed over comes back with its priority, and one that is parked keeps it.
    if not first then return false end
    local key = first.member
    local lane, cost = headOf(priority, key)
    if not lane then
      ranks.leave(turnsOf(priority), key)
    else
      local atUs, isOwn = earliestOf(cost, key)
      atUs = math.max(atUs, num('ahead'))
      if atUs <= untilUs then
        local pid = laneCalled(lane).pid
        serve(priority, key, lane, cost)
        post(pid, text(grantAt(atUs, pid, cost, key)) .. ',' .. laneCalled(lane).number .. '@' .. text(atUs))
        if atUs > now then
          set('ahead', atUs)
          hashes.put(ofProcess(pid), 'aheadUs', atUs)
        end
        mostGrants = mostGrants - 1
        if mostGrants == 0 then
          holdBack(now, lane)
          return true
        end
      elseif isOwn then
        park(priority, key, atUs)
        holdBack(atUs, lane)
      else
        holdBack(atUs, lane)
        return true
      end
    end
  end
end

-- Nobody waits there any more. Who is parked is found by his priority; the last one stays, as most have but one.
local function forgetPriority(priority)
  if plan.isKeyed and ranks.first(PARKED) or ranks.size(PRIORITIES) == 1 then return end
  ranks.leave(PRIORITIES, priority)
end

local function admitAll()
  unparkUntil(now)
  local untilUs = aheadUntil()
  repeat
    wakeUs, wakes = INF, nil
    for _, priority in ipairs(ranks.all(PRIORITIES)) do
      if admitInTurn(priority, untilUs) then break end
      forgetPriority(priority)
    end
    if plan.isKeyed then
      local parked = ranks.first(PARKED)
      if parked and parked.tag < wakeUs then
        -- It is for the one who waits: the caller may not wait at all.
        local lane = ranks.first(lanesOf(string.match(parked.member, '^(.-)\n(.*)$')))
        local pid = lane and laneCalled(lane.member).pid
        wakeUs, wakes = parked.tag, pid and isAlive(pid) and pid or caller
      end
    end
    -- With nothing to wait for, neither an instant nor an end, only a budget that is spent is in the way.
    local isStuck = plan.hasBudget and wakeUs == INF and num('active') == 0
  until not isStuck or giveUpUnpayable() == 0
end
`;
