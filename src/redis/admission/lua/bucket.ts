/** `tokenBucket`, as in `src/limits`: by the instant at which it was last full. */
export const bucket = String.raw`
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

function bucket.take(limit, cost, at, lease)
  if cost == 0 or lease.isSpent then return end
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

-- One that began with less holds more than a new one would, for good.
function bucket.restsAt(limit, at)
  if limit.missing > 0 then return INF end
  return get(at .. 'full') and comesInAt(limit, at, num(at .. 'taken')) or now
end
`;
