/**
 * Who is next, over all processes. Work waits in lanes, one for each process, key and priority, first in, first out. Of
 * one priority the keys take turns by their weights, and within a key the processes: start-time fair queueing (Goyal, Vin,
 * Cheng 1996), a sorted set of virtual start times for each. A lane that has run empty keeps its tag until its turn has
 * come, so that who comes back at once does not go before those who waited.
 *
 * A lane is named `process/number/weight`. Entries for a process are put into its mail, and told on its channel.
 */
export const lanes = String.raw`
local caller = request.pid
local outbox, alive = {}, {}

local function wantedIn(lane)
  local slash = string.find(lane, '/[^/]*$')
  return KEY .. ':want:' .. string.sub(lane, 1, slash - 1)
end

local function processOf(lane) return string.match(lane, '^[^/]+') end
local function numberOf(lane) return string.match(lane, '^[^/]+/([^/]+)') end
local function weightOf(lane) return tonumber(string.match(lane, '[^/]*$')) end
local function turnsOf(priority) return KEY .. ':turns:' .. priority end
local function lanesOf(priority, key) return KEY .. ':lanes:' .. priority .. ':' .. key end
local function ofProcess(pid) return KEY .. ':process:' .. pid end
local function mailOf(pid) return KEY .. ':mail:' .. pid end

local function isAlive(pid)
  if alive[pid] == nil then alive[pid] = redis.call('ZSCORE', KEY .. ':alive', pid) ~= false end
  return alive[pid]
end

local function post(pid, entry)
  local number = redis.call('HINCRBY', ofProcess(pid), 'mailed', 1)
  local letter = '[' .. number .. ',' .. entry .. ']'
  redis.call('RPUSH', mailOf(pid), letter)
  if pid == caller then return end
  redis.call('HSETNX', ofProcess(pid), 'unreadUs', text(now))
  outbox[pid] = outbox[pid] or {}
  table.insert(outbox[pid], letter)
end

-- A newcomer starts level with whoever is next.
local function join(set_, member)
  if redis.call('ZSCORE', set_, member) then return end
  local first = redis.call('ZRANGE', set_, 0, 0, 'WITHSCORES')
  redis.call('ZADD', set_, first[2] or 0, member)
end

local function enlist(priority, key, lane)
  redis.call('ZADD', KEY .. ':priorities', text(-tonumber(priority)), priority)
  join(lanesOf(priority, key), lane)
  if redis.call('ZSCORE', KEY .. ':parked', priority .. '\n' .. key) then return end
  join(turnsOf(priority), key)
end

local function tagOf(priority, key) return 'k|tag|' .. priority .. '|' .. key end

local function park(priority, key, untilUs)
  set(tagOf(priority, key), redis.call('ZSCORE', turnsOf(priority), key))
  redis.call('ZREM', turnsOf(priority), key)
  redis.call('ZADD', KEY .. ':parked', text(untilUs), priority .. '\n' .. key)
end

local function unpark(priority, key)
  if redis.call('ZREM', KEY .. ':parked', priority .. '\n' .. key) == 0 then return end
  local first = redis.call('ZRANGE', turnsOf(priority), 0, 0, 'WITHSCORES')
  local tag = math.max(num(tagOf(priority, key)), tonumber(first[2] or 0))
  redis.call('ZADD', turnsOf(priority), text(tag), key)
  set(tagOf(priority, key), nil)
end

local function unparkKey(key)
  if not plan.isKeyed then return end
  for _, priority in ipairs(redis.call('ZRANGE', KEY .. ':priorities', 0, -1)) do unpark(priority, key) end
end

local function unparkUntil(untilUs)
  if not plan.isKeyed then return end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', KEY .. ':parked', '-inf', text(untilUs))) do
    unpark(string.match(member, '^(.-)\n(.*)$'))
  end
end

local stallUs, stallLetters = 1000000, 3

-- A process that does not read its mail is passed over until it calls: what it was granted is lost to all until its
-- lease has expired. One or two letters lie about where work takes long.
local function isStalled(pid)
  if pid == caller then return false end
  local unread = tonumber(redis.call('HGET', ofProcess(pid), 'unreadUs'))
  return unread and now - unread > stallUs and redis.call('LLEN', mailOf(pid)) >= stallLetters
end

local function passOver(priority, key, lane)
  local pid = processOf(lane)
  redis.call('ZREM', lanesOf(priority, key), lane)
  redis.call('RPUSH', KEY .. ':passed:' .. pid, priority .. '\n' .. key .. '\n' .. lane)
  outbox[pid] = outbox[pid] or {}
end

local function takePlacesBack()
  local passed = KEY .. ':passed:' .. caller
  for _, place in ipairs(redis.call('LRANGE', passed, 0, -1)) do
    enlist(string.match(place, '^(.-)\n(.-)\n(.*)$'))
  end
  redis.call('DEL', passed)
end

local function forgetLane(priority, key, lane)
  redis.call('ZREM', lanesOf(priority, key), lane)
  redis.call('DEL', wantedIn(lane))
end

-- The first lane of a key with somebody in it, and what that costs.
local function headOf(priority, key)
  while true do
    local lane = redis.call('ZRANGE', lanesOf(priority, key), 0, 0)[1]
    if not lane then return nil end
    local pid = processOf(lane)
    if not isAlive(pid) then
      forgetLane(priority, key, lane)
    elseif isStalled(pid) then
      passOver(priority, key, lane)
    else
      local cost = redis.call('LINDEX', wantedIn(lane), 0)
      if cost then return lane, cjson.decode('[' .. cost .. ']')[1] end
      redis.call('ZREM', lanesOf(priority, key), lane)
    end
  end
end

local function serve(priority, key, lane, cost)
  redis.call('LPOP', wantedIn(lane))
  local size = type(cost) == 'number' and cost > 0 and cost or 1
  redis.call('ZINCRBY', turnsOf(priority), text(size / weightOf(lane)), key)
  redis.call('ZINCRBY', lanesOf(priority, key), text(size), lane)
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

-- Gives up everybody who can never be paid for, wherever he stands.
local function giveUpUnpayable()
  local count = 0
  unparkUntil(INF)
  for _, priority in ipairs(redis.call('ZRANGE', KEY .. ':priorities', 0, -1)) do
    local keys = redis.call('ZRANGE', turnsOf(priority), 0, -1)
    for _, key in ipairs(keys) do
      for _, lane in ipairs(redis.call('ZRANGE', lanesOf(priority, key), 0, -1)) do
        local place = 0
        for _, cost in ipairs(redis.call('LRANGE', wantedIn(lane), 0, -1)) do
          local reason = unpayable(cjson.decode('[' .. cost .. ']')[1], key)
          if reason and isAlive(processOf(lane)) then
            redis.call('LSET', wantedIn(lane), place, 'gone')
            redis.call('LREM', wantedIn(lane), 1, 'gone')
            post(processOf(lane), '0,' .. numberOf(lane) .. ',' .. reason .. ',' .. place)
            count = count + 1
          else
            place = place + 1
          end
        end
      end
    end
  end
  return count
end

local mostGrants = 1000
local wakeUs, wakes = INF, nil

local function holdBack(atUs, lane)
  if atUs < wakeUs then wakeUs, wakes = atUs, processOf(lane) end
end

-- Admits in turn until the next one must wait for something that is everybody's.
local function admitInTurn(priority)
  while true do
    local key = redis.call('ZRANGE', turnsOf(priority), 0, 0)[1]
    if not key then
      -- A lane that is passed over or parked comes back with its priority.
      return false
    end
    local lane, cost = headOf(priority, key)
    if not lane then
      redis.call('ZREM', turnsOf(priority), key)
    else
      local atUs, isOwn = earliestOf(cost, key)
      if atUs <= now then
        serve(priority, key, lane, cost)
        local id = grant(processOf(lane), cost, key, now)
        post(processOf(lane), text(id) .. ',' .. numberOf(lane))
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

local function admitAll()
  unparkUntil(now)
  repeat
    wakeUs, wakes = INF, nil
    for _, priority in ipairs(redis.call('ZRANGE', KEY .. ':priorities', 0, -1)) do
      if admitInTurn(priority) then break end
    end
    if plan.isKeyed then
      local untilUs = tonumber(redis.call('ZRANGE', KEY .. ':parked', 0, 0, 'WITHSCORES')[2])
      if untilUs and untilUs < wakeUs then wakeUs, wakes = untilUs, caller end
    end
    -- With nothing to wait for, neither an instant nor an end, only a budget that is spent is in the way.
    local isStuck = plan.hasBudget and wakeUs == INF and num('active') == 0
  until not isStuck or giveUpUnpayable() == 0
end
`;
