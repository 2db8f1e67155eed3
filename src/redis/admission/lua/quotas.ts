/**
 * What stays spent when the work ends: `dailyQuota` and `budget`, as in `src/limits`. Redis knows no calendar: a call brings
 * along when the days around it begin in the zones that are asked for, as instants of Redis' own wall clock.
 */
export const quotas = String.raw`
local rememberedDates = 32

local function dayAt(zone, atMs)
  for _, day in ipairs(request.days or {}) do
    if day[1] == zone and atMs >= day[3] and atMs < day[4] then return day end
  end
end

-- From here on every call is to know its days.
local function knowZone(zone)
  local zones = get('zones') or ''
  if not string.find(',' .. zones .. ',', ',' .. zone .. ',', 1, true) then set('zones', zones .. ',' .. zone) end
end

local quota = {}
kinds.dailyQuota = quota

local function datesOf(at) return KEY .. ':dates:' .. at end

local function spentOn(at, date)
  return tonumber(hashes.get(datesOf(at), date)) or 0
end

local function spendOn(at, date, cost)
  local key = datesOf(at)
  local isNew = not hashes.get(key, date)
  hashes.put(key, date, math.max(0, spentOn(at, date) + cost))
  if not isNew then return end
  local dates = redis.call('HKEYS', key)
  table.sort(dates)
  if #dates >= rememberedDates then hashes.put(key, dates[1], nil) end
  if string.byte(at) == 107 then order('PEXPIRE', key, (rememberedDates + 1) * 86400000) end
end

function quota.earliest(limit, cost, at)
  local day = dayAt(limit.timeZone, wallMs)
  if cost == 0 or fits(spentOn(at, day[2]) + cost, limit.limit) then return now end
  return now + math.ceil((day[4] - wallMs) * 1000)
end

function quota.take(limit, cost, at, lease)
  local date = dayAt(limit.timeZone, wallMs)[2]
  lease.dates = lease.dates or {}
  lease.dates[limit.name] = date
  if cost ~= 0 and not lease.isSpent then spendOn(at, date, cost) end
end

function quota.finish() end

function quota.refund(limit, cost, at, lease)
  local date = lease.dates and lease.dates[limit.name]
  if date and cost ~= 0 then spendOn(at, date, -cost) end
end

function quota.adjust(limit, delta, at, date) spendOn(at, date, delta) end

function quota.usage(limit, at)
  local day = dayAt(limit.timeZone, wallMs)
  return spentOn(at, day[2]), limit.limit, now + math.ceil((day[4] - wallMs) * 1000)
end

-- What was known of it before its data were lost.
function quota.recall(limit, spent, at, date)
  if spent > spentOn(at, date) then spendOn(at, date, spent - spentOn(at, date)) end
end

local budget = {}
kinds.budget = budget

function budget.earliest(limit, cost, at)
  return (cost == 0 or fits(num(at .. 'spent') + cost, limit.limit)) and now or INF
end

function budget.take(limit, cost, at, lease)
  if not lease.isSpent then budget.adjust(limit, cost, at) end
end

function budget.finish() end

function budget.refund(limit, cost, at) budget.adjust(limit, -cost, at) end

function budget.adjust(limit, delta, at) set(at .. 'spent', math.max(0, num(at .. 'spent') + delta)) end

function budget.usage(limit, at) return num(at .. 'spent'), limit.limit, INF end

function budget.recall(limit, spent, at) set(at .. 'spent', math.max(num(at .. 'spent'), spent)) end
`;
