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
  local before = {}
  for _, limit in ipairs(known and cjson.decode(known).limits or {}) do before[limit.name] = limit end
  for _, limit in ipairs(plan.limits) do
    local old, kind = before[limit.name], kinds[limit.type]
    if old and kind.change and not limit.keyed and old.type == limit.type then
      kind.change(old, limit, scopeOf(limit, ''), (request.told or {})[limit.name])
    end
  end
  recallAhead()
  set('plan', told)
  unparkUntil(INF)
end

local KNOWN = KEY .. ':known'

local function bury(pid)
  for id, packed in pairs(hashes.read(heldBy(pid))) do
    local lease = packed and takeBack(pid, id)
    if lease then
      finish(lease, 'unknown', 0)
      unparkKey(lease.key)
    end
  end
  for _, place in ipairs(lists.all(passedBy(pid))) do lists.replace(wantedIn(string.match(place, '[^\n]*$')), {}) end
  hashes.drop(heldBy(pid))
  lists.replace(mailOf(pid), {})
  hashes.put(ofProcess(pid), 'read', numOf(pid, 'mailed'))
  lists.replace(passedBy(pid), {})
  -- Whoever comes back to find this knows that he was taken for dead, and that nothing is lost.
  order('PEXPIRE', ofProcess(pid), rememberedMs)
  ranks.leave(ALIVE, pid)
end

local function reap()
  for _ = 1, 16 do
    local first = ranks.first(ALIVE)
    if not first or first.tag > now then return end
    bury(first.member)
  end
end

-- Whoever worked by other limits is dead, and gives back what it took of those.
local function endOthers()
  if not isOther then return end
  plan = cjson.decode(known)
  for _, pid in ipairs(ranks.all(ALIVE)) do
    if pid ~= caller then bury(pid) end
  end
  plan, ownFigures = cjson.decode(told), {}
end

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

-- The caller goes on in another life. What it was granted in this one and has not read has never started, and never will.
local function endLife(pid, lastRead, unused)
  if not isAlive(pid) then return end
  for _, letter in ipairs(lists.all(mailOf(pid))) do
    local number, id = string.match(letter, '^%[(%d+),(%d+),')
    if tonumber(number) > lastRead then table.insert(unused, id) end
  end
  for _, id in ipairs(unused) do
    local lease = takeBack(pid, id)
    if lease then
      refund(lease)
      unparkKey(lease.key)
    end
  end
  bury(pid)
end

-- What still runs is in flight, whatever the limits say; what was known to be spent is spent, once.
local function recover(memory)
  endLife(unpack(memory.former))
  local ids = {}
  for _, held in ipairs(memory.leases) do
    local cost, key, ageUs, isSpent = held[1], held[2], held[3], held[4]
    table.insert(ids, text(grant(caller, cost, key, now - ageUs, isSpent)))
  end
  for _, total in ipairs(memory.totals) do
    for _, limit in ipairs(plan.limits) do
      local kind = kinds[limit.type]
      if limit.name == total[1] and kind.recall then kind.recall(limit, total[2], scopeOf(limit, ''), total[3]) end
    end
  end
  if memory.hasRunAlone then shutAll() end
  return ids
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
for pid, letters in pairs(outbox) do
  order('PUBLISH', request.channel .. ':' .. string.match(pid, '^[^.]+'), '{' .. table.concat({
    '"to":"' .. pid .. '"',
    '"seq":' .. text(num('seq')),
    '"mail":' .. mailNow(letters),
    '"wakeMs":' .. spanMs(wakeUs),
    '"isOurs":' .. tostring(wakes == pid),
    '"asks":' .. tostring(asked[pid] == true),
    '"isRecalled":' .. tostring(isRecalled),
  }, ',') .. '}')
end

local usage = usages()
save()
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
  '"active":' .. text(num('active')),
  '"usage":' .. usage,
  '"closedMs":' .. spanMs(math.max(now, open, num('shut'))),
  '"round":' .. (get('gate|round') or '-1'),
  '"reclaimed":[' .. table.concat(reclaimed, ',') .. ']',
})
`;
