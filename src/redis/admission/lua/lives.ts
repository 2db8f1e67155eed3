/** How a process' life ends: by its death, by other limits, or by another life of its own; and what that one begins with. */
export const lives = String.raw`
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
  plan = plans.read(known)
  for _, pid in ipairs(ranks.all(ALIVE)) do
    if pid ~= caller then bury(pid) end
  end
  plan, ownFigures = plans.read(told), {}
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
`;
