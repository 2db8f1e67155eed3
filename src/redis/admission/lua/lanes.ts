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
`;
