/** The cool-down, as in `src/limiter/coolDown.ts`: closed until an instant, then one probe, then rounds of 2, 4, 8 ... */
export const gate = String.raw`
local gate = {}
local lastRound = 256

local function startRound(round, atUs)
  set('gate|round', round <= lastRound and round or nil)
  set('gate|roundAt', atUs)
  set('gate|entered', 0)
  set('gate|endedWell', 0)
end

local function isRamping() return get('gate|round') ~= nil end

function gate.isOpen() return now >= num('gate|open', -INF) and not isRamping() end

function gate.close(delay, ramp)
  set('gate|open', math.max(num('gate|open', -INF), now + delay))
  if ramp or isRamping() then startRound(1, num('gate|open')) end
end

-- The caller has drawn how long to wait after the first, the second ... refusal in a row, and after a burst of them.
function gate.refuse(hint, delays, burst)
  local isNew = now >= num('gate|open', -INF)
  local delay = hint
  if isNew then
    local row = num('gate|row') + 1
    set('gate|row', row)
    delay = math.max(hint, delays[row] or burst)
  end
  gate.close(delay, true)
end

function gate.earliest(rampStep)
  local open = num('gate|open', -INF)
  if now < open then return open end
  if not isRamping() or num('gate|entered') < num('gate|round') then return now end
  return math.max(now, num('gate|roundAt') + rampStep)
end

-- Only who enters takes a round further: whoever merely asks, or is held by a limit, changes nothing.
function gate.take(rampStep)
  if not isRamping() then return end
  if num('gate|entered') >= num('gate|round') and now >= num('gate|roundAt') + rampStep then
    startRound(num('gate|round') * 2, now)
  end
  if num('gate|entered') == 0 then set('gate|roundAt', now) end
  set('gate|entered', num('gate|entered') + 1)
end

function gate.finish(lease, outcome)
  if outcome ~= 'succeeded' or lease.takenUs < num('gate|open', -INF) then return end
  if get('gate|row') then set('gate|row', nil) end
  if not isRamping() or lease.takenUs < num('gate|roundAt') then return end
  set('gate|endedWell', num('gate|endedWell') + 1)
  if num('gate|endedWell') >= num('gate|round') then startRound(num('gate|round') * 2, now) end
end

function gate.refund(lease)
  if isRamping() and lease.takenUs >= num('gate|roundAt') then
    set('gate|entered', math.max(0, num('gate|entered') - 1))
  end
end
`;
