/**
 * The processes: what is kept of each, and its mail. A letter lies there until its process has read it; those that other
 * processes have posted are told on its channel, too.
 */
export const processes = String.raw`
local caller = request.pid
local outbox = {}
local asked = {}
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

-- To call, whatever else it is told.
local function ask(pid)
  asked[pid] = true
  outbox[pid] = outbox[pid] or {}
end

local function spanMs(atUs)
  if atUs == INF then return '-1' end
  return string.format('%.3f', math.max(0, math.ceil(atUs - now) / 1000))
end

-- A grant is kept with its instant, and told with how long from now that is.
local function letterNow(letter)
  local grant, atUs = string.match(letter, '^([%[%d,]+)@(.*)]$')
  return grant and grant .. ',' .. spanMs(tonumber(atUs)) .. ']' or letter
end

local function mailNow(letters)
  local parts = {}
  for _, letter in ipairs(letters) do table.insert(parts, letterNow(letter)) end
  return '[' .. table.concat(parts, ',') .. ']'
end

local isRecalled = false

-- What was granted ahead and has not started is to be given back.
local function recallAhead()
  if num('ahead') <= now then return end
  set('ahead', nil)
  isRecalled = true
  for _, pid in ipairs(ranks.all(ALIVE)) do
    if pid ~= caller and numOf(pid, 'aheadUs') > now then ask(pid) end
  end
end

local stallUs, stallLetters = 150000, 3

-- A process that does not read its mail may be dead, and then what it was granted is lost to all until its lease has
-- expired. It is passed over until it calls: slots, which are few and held for long, after three letters that others posted;
-- windows, which come in bursts, after a while.
local function isStalled(pid)
  if pid == caller or numOf(pid, 'posted') < stallLetters then return false end
  return plan.hasSlots or now - numOf(pid, 'unreadUs') > stallUs
end
`;
