/** What a call asks for, in order; and what it is told. */
export const decide = String.raw`
local function answer(status, more)
  local parts = { '"status":"' .. status .. '","wallMs":' .. text(wallMs) }
  for _, part in ipairs(more or {}) do table.insert(parts, part) end
  return '{' .. table.concat(parts, ',') .. '}'
end

-- Others may share quotas of zones that the caller has never heard of: by their figures, or by those of single keys.
local function missingZones()
  local missing, isSeen = {}, {}
  local function need(zone)
    if not isSeen[zone] and not dayAt(zone, wallMs) then table.insert(missing, zone) end
    isSeen[zone] = true
  end
  for _, limit in ipairs(plan and plan.limits or {}) do
    if limit.timeZone then need(limit.timeZone) end
  end
  for zone in string.gmatch(get('zones') or '', '[^,]+') do need(zone) end
  return missing
end

local missing = missingZones()
if #missing > 0 then return answer('days', { '"zones":' .. cjson.encode(missing) }) end
if differs() then return answer('differs') end
-- A call that was made again, and answered then: nobody waits for this one any more.
if lastCall and request.call < lastCall then return answer('late') end

-- The first write of all: where memory is short, it is refused, and nothing has been changed.
redis.call('HSET', STATE, 'seq', text(math.max(num('seq'), request.seq) + 1))

local function save()
  writeLogs()
  hashes.write()
  lists.write()
  ranks.write()
  obey()
end

spareTheSilent()
if mustRecover() then
  local epoch = get('epoch')
  save()
  return answer('recover', { '"epoch":' .. cjson.encode(epoch), '"isDone":' .. tostring(isRepeated) })
end
set('seq', math.max(num('seq'), request.seq) + 1)

local function changePlan()
  if told == known then return end
  -- Where something of a limit is kept: for all, or for each key of which something is known.
  local function scopesOf(limit)
    if not limit.keyed then return { scopeOf(limit, '') } end
    local scopes, isSeen, start = {}, {}, 'k|' .. limit.name .. '|'
    for _, field in ipairs(redis.call('HKEYS', KEYED)) do
      local at = string.sub(field, 1, #start) == start and string.match(field, '^.*|')
      if at and not isSeen[at] then table.insert(scopes, at) end
      if at then isSeen[at] = true end
    end
    return scopes
  end
  local before = {}
  for _, limit in ipairs(known and plans.read(known).limits or {}) do before[limit.name] = limit end
  for _, limit in ipairs(plan.limits) do
    local old, kind = before[limit.name], kinds[limit.type]
    if old and kind.change and old.type == limit.type then
      for _, at in ipairs(scopesOf(limit)) do
        if figuresOf(limit, at) == limit then kind.change(old, limit, at, (request.told or {})[limit.name]) end
      end
    end
  end
  recallAhead()
  set('plan', told)
  unparkUntil(INF)
end

local KNOWN = KEY .. ':known'

local function read(upTo)
  local mine, mailed, before = ofProcess(caller), numOf(caller, 'mailed'), numOf(caller, 'read')
  local count = math.min(upTo, mailed) - before
  if count > 0 then
    if upTo >= mailed then lists.replace(mailOf(caller), {}) else lists.shift(mailOf(caller), count) end
    hashes.put(mine, 'read', before + count)
  end
  hashes.put(mine, 'posted', nil)
  takePlacesBack()
end

local function limitNamed(name)
  for _, limit in ipairs(plan.limits) do
    if limit.name == name then return limit end
  end
end

-- Of whose leases there are news.
local function readLeases()
  local ids = {}
  for _, news in ipairs({ request.starts or {}, request.ends or {}, request.slots or {} }) do
    for _, each in ipairs(news) do table.insert(ids, text(each[1])) end
  end
  hashes.readFields(heldBy(caller), ids)
end

local function apply()
  readLeases()
  for _, started in ipairs(request.starts or {}) do
    local key = retell(caller, started[1], 'started', started[2])
    if key then unparkKey(key) end
  end
  for _, ended in ipairs(request.ends or {}) do
    local id, ageUs, outcome = ended[1], ended[2], ended[3]
    local lease = takeBack(caller, id)
    if lease then
      if outcome == 'refund' then refund(lease) else finish(lease, outcome, ageUs) end
      unparkKey(lease.key)
    end
  end
  for _, told in ipairs(request.slots or {}) do
    local key = retell(caller, told[1], told[2])
    if key then unparkKey(key) end
  end
  for _, change in ipairs(request.adjust or {}) do
    local limit = limitNamed(change[1])
    if limit then
      local at = scopeOf(limit, change[3])
      kinds[limit.type].adjust(figuresOf(limit, at), change[2], at, change[4])
      unparkKey(change[3])
    end
  end
  for _, event in ipairs(request.gate or {}) do
    if event[1] == 'close' then gate.close(event[2], event[3]) else gate.refuse(event[2], event[3], event[4]) end
    recallAhead()
  end
  for _, place in ipairs(request.drop or {}) do
    lists.replace(wantedIn(place[3]), {})
    -- Who comes after the one that left may fit.
    unpark(place[1], place[2])
  end
  for _, wish in ipairs(request.want or {}) do
    local priority, key, lane, costs, figures = wish[1], wish[2], wish[3], wish[4], wish[5]
    for _, limit in ipairs(plan.limits) do
      if limit.keyed then setFigures(limit, key, figures[limit.name]) end
    end
    for _, cost in ipairs(costs) do lists.append(wantedIn(lane), cost) end
    enlist(priority, key, lane)
  end
end

local function usages()
  local parts = {}
  for _, limit in ipairs(plan.limits) do
    if limit.keyed then
      table.insert(parts, '[0,' .. text(limit.limit or limit.capacity or limit.max) .. ',0]')
    else
      local used, capacity, resetsUs = kinds[limit.type].usage(limit, scopeOf(limit, ''))
      table.insert(parts, '[' .. text(used) .. ',' .. text(capacity) .. ',' .. spanMs(resetsUs) .. ']')
    end
  end
  return '[' .. table.concat(parts, ',') .. ']'
end

endOthers()
reap()
changePlan()
ranks.place(ALIVE, caller, now + request.ttlUs)
local reclaimed = {}
if not isRepeated then
  hashes.put(ofProcess(caller), 'call', request.call)
  if request.recover then reclaimed = recover(request.recover) end
  hashes.put(ofProcess(caller), 'reclaimed', request.recover and table.concat(reclaimed, ',') or nil)
  apply()
else
  local ids = request.recover and hashes.get(ofProcess(caller), 'reclaimed')
  for id in string.gmatch(ids or '', '[^,]+') do table.insert(reclaimed, id) end
end
read(request.read)
admitAll()
sweep()

local isUnread = numOf(caller, 'mailed') > numOf(caller, 'read')
local mail = isUnread and lists.all(mailOf(caller)) or {}
if request.isPresent then
  order('ZADD', KNOWN, text(now), string.match(caller, '^[^.]+'))
  order('ZREMRANGEBYSCORE', KNOWN, '-inf', text(now - rememberedMs * 1000))
end

if wakes and wakes ~= caller and wakeUs < INF then
  local mark = wakes .. '@' .. text(wakeUs)
  if get('toldToWake') ~= mark then
    set('toldToWake', mark)
    outbox[wakes] = outbox[wakes] or {}
  end
end
local messages = {}
for pid, letters in pairs(outbox) do
  table.insert(messages, { request.channel .. ':' .. string.match(pid, '^[^.]+'), '{' .. table.concat({
    '"to":"' .. pid .. '"',
    '"seq":' .. text(num('seq')),
    '"mail":' .. mailNow(letters),
    '"wakeMs":' .. spanMs(wakeUs),
    '"isOurs":' .. tostring(wakes == pid),
    '"asks":' .. tostring(asked[pid] == true),
    '"isRecalled":' .. tostring(isRecalled),
  }, ',') .. '}' })
end

local usage = usages()
save()
-- What a message says comes with the next answer, too: one that is not allowed is told of, and costs no more than time.
local published
for _, message in ipairs(messages) do published = redis.pcall('PUBLISH', unpack(message)) end
local live = ranks.size(ALIVE)
local peers = redis.call('ZCOUNT', KNOWN, text(now - rememberedMs * 1000), '+inf')
if request.isIdle and #mail == 0 and redis.call('EXISTS', heldBy(caller)) == 0 then
  redis.call('ZREM', ALIVE, caller)
  -- Nobody comes back to it but a call whose answer was lost.
  redis.call('PEXPIRE', ofProcess(caller), restingMs)
end
local open = num('gate|open', -INF)
return answer('ok', {
  '"epoch":' .. cjson.encode(get('epoch')),
  '"seq":' .. text(num('seq')),
  '"nowUs":' .. text(now),
  '"mail":' .. mailNow(mail),
  '"wakeMs":' .. spanMs(wakeUs),
  '"isOurs":' .. tostring(wakes == caller),
  '"processes":' .. live,
  '"peers":' .. peers,
  '"usage":' .. usage,
  '"closedMs":' .. spanMs(math.max(now, open, num('shut'))),
  '"round":' .. (get('gate|round') or '-1'),
  '"reclaimed":[' .. table.concat(reclaimed, ',') .. ']',
  '"unsent":' .. cjson.encode(type(published) == 'table' and published.err or ''),
})
`;
