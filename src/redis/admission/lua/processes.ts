/**
 * The processes: what is kept of each, and its mail. A letter lies there until its process has read it; those that other
 * processes have posted are told on its channel, too.
 */
export const processes = String.raw`
local caller = request.pid
local outbox = {}
local ALIVE = KEY .. ':alive'

local function ofProcess(pid) return KEY .. ':process:' .. pid end
local function mailOf(pid) return KEY .. ':mail:' .. pid end
local function passedBy(pid) return KEY .. ':passed:' .. pid end
local function isAlive(pid) return ranks.tagOf(ALIVE, pid) ~= nil end

-- A number that a process is known by.
local function numOf(pid, field)
  return tonumber(hashes.read(ofProcess(pid))[field] or nil) or 0
end

local function post(pid, entry)
  local number = numOf(pid, 'mailed') + 1
  local letter = '[' .. text(number) .. ',' .. entry .. ']'
  hashes.put(ofProcess(pid), 'mailed', number)
  lists.append(mailOf(pid), letter)
  if pid == caller then return end
  if numOf(pid, 'posted') == 0 then hashes.put(ofProcess(pid), 'unreadUs', now) end
  hashes.put(ofProcess(pid), 'posted', numOf(pid, 'posted') + 1)
  outbox[pid] = outbox[pid] or {}
  table.insert(outbox[pid], letter)
end

local isRecalled = false

-- What was granted ahead has not started, and is not to start any more.
local function recallAhead()
  if num('ahead') <= now then return end
  set('ahead', nil)
  isRecalled = true
  for _, pid in ipairs(ranks.all(ALIVE)) do
    if pid ~= caller and numOf(pid, 'aheadUs') > now then outbox[pid] = outbox[pid] or {} end
  end
end

local stallUs, stallLetters = 150000, 2

-- A process that does not read its mail may be dead, and then what it was granted is lost to all until its lease has
-- expired. It is passed over until it calls: slots, which are few and held for long, after two letters that others posted;
-- windows, which come in bursts, after a while.
local function isStalled(pid)
  if pid == caller or numOf(pid, 'posted') < stallLetters then return false end
  return plan.hasSlots or now - numOf(pid, 'unreadUs') > stallUs
end
`;
