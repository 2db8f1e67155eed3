/** Admits in turn whoever may start, now or within a while that is granted ahead; gives up whom no budget can ever pay for. */
export const admitting = String.raw`
-- Nothing runs that could give something back: a budget that refuses (one of the key's own) has too little left for it.
local function unpayable(cost, key, isOwn)
  local found
  eachLimit(cost, key, function(kind, limit, units, at, isKeyed)
    if found or limit.type ~= 'budget' or limit.whenSpent ~= 'refuse' or (isOwn and not isKeyed) then return end
    if kind.earliest(limit, units, at) == INF then
      found = cjson.encode(limit.name) .. ',' .. text(limit.limit - num(at .. 'spent'))
    end
  end)
  return found
end

local function tellGivenUp(lane, reason, place)
  post(laneCalled(lane).pid, '0,' .. laneCalled(lane).number .. ',' .. reason .. ',' .. place)
end

-- Gives up everybody in a lane who can never be paid for, wherever he stands.
local function giveUpIn(lane, key)
  local left, count = {}, 0
  for _, cost in ipairs(lists.all(wantedIn(lane))) do
    local reason = isAlive(laneCalled(lane).pid) and unpayable(tonumber(cost) or cjson.decode(cost), key)
    if reason then
      tellGivenUp(lane, reason, #left)
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
        -- What others run gives nothing back to a budget of its own key.
        local reason = atUs == INF and num(runsOf(key)) == 0 and unpayable(cost, key, true)
        if reason then
          tellGivenUp(lane, reason, 0)
          lists.shift(wantedIn(lane))
        else
          park(priority, key, atUs)
          holdBack(atUs, lane)
        end
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
