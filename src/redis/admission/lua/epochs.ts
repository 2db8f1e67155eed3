/**
 * Whether the caller and these data know of the same past: what is shared under this name, and whether Redis has lost
 * something since the caller last heard of it.
 */
export const epochs = String.raw`
local known = get('plan')
local plans = {}

function plans.read(text)
  local it = cjson.decode(text)
  for index, limit in ipairs(it.limits) do it.limits[index] = cjson.decode(limit) end
  return it
end

-- Its limits are other ones than those that are known.
function plans.isOther()
  if not request.plan or not known or request.plan == known then return false end
  local before, mine, names = plans.read(known), plans.read(request.plan), {}
  for _, limit in ipairs(before.limits) do names[limit.name .. '\n' .. limit.type .. tostring(limit.keyed)] = true end
  local isSame = #before.limits == #mine.limits
  for _, limit in ipairs(mine.limits) do
    if not names[limit.name .. '\n' .. limit.type .. tostring(limit.keyed)] then isSame = false end
  end
  return not isSame
end

-- The plan that is known, with the limits in it that the caller changes: others may have changed the rest.
function plans.changed()
  local it, mine, isChanged = cjson.decode(known), cjson.decode(request.plan), {}
  for _, name in ipairs(request.changed) do isChanged[name] = true end
  for index, limit in ipairs(mine.limits) do
    if isChanged[cjson.decode(limit).name] then it.limits[index] = limit end
  end
  return cjson.encode(it)
end

local isOther = plans.isOther()
-- Whoever comes back brings its plan along for a server that has none, or one of other limits that nobody works by.
local told = request.plan and (not known or not request.isBack or isOther) and request.plan or known
if told ~= known and known and request.changed and not isOther then told = plans.changed() end
plan = told and plans.read(told)

-- Others work by those right now.
local function differs()
  if not isOther then return false end
  local others = redis.call('ZCOUNT', ALIVE, '(' .. text(now), '+inf')
  if redis.call('ZSCORE', ALIVE, caller) then others = others - 1 end
  return others > 0
end

-- The data were lost, or are older than what the caller has seen: nothing passes until all that may still count has left.
local function shutAll()
  set('shut', math.max(num('shut'), now + request.graceUs))
end

-- Where nobody has called for long, the server was away, or nobody was there: that is no proof of anybody's death.
local function spareTheSilent()
  if isOther or lastCallUs == 0 or now - lastCallUs <= request.ttlUs / 2 then return end
  for _, pid in ipairs(ranks.all(ALIVE)) do
    local tag = ranks.tagOf(ALIVE, pid)
    if tag > lastCallUs then ranks.place(ALIVE, pid, math.max(tag, now + request.ttlUs)) end
  end
end

-- By the number of the call, too: who comes first to data that are new may have begun the epoch before.
-- All are told: who was granted something ahead by data that are lost is known to nobody but himself.
local function nameEpoch()
  local epoch = caller .. '/' .. text(request.call)
  set('epoch', epoch)
  redis.pcall('PUBLISH', request.channel .. ':all', '{"epoch":' .. cjson.encode(epoch) .. '}')
end

local function beginEpoch()
  nameEpoch()
  set('lost|' .. request.epoch, 1)
  shutAll()
end

-- How long a process is remembered after its death, and one that rests.
local rememberedMs, restingMs = 3600000, math.ceil(request.ttlUs / 500)

local lastCall = tonumber(hashes.read(ofProcess(caller)).call or nil)
-- The answer to it was lost: it has had its effect.
local isRepeated = lastCall == request.call
-- Who was not heard of for so long is not known any more: nothing was lost by that.
local isForgotten = not lastCall and now - request.answeredUs >= (request.isIdle and restingMs or rememberedMs) * 1000

local function mustRecover()
  local epoch = get('epoch')
  if not epoch then
    nameEpoch()
    if request.epoch == '' then return false end
    shutAll()
    return true
  end
  if request.epoch ~= '' and request.epoch ~= epoch then
    if not get('lost|' .. request.epoch) then
      set('lost|' .. request.epoch, 1)
      shutAll()
    end
    return true
  end
  -- Each call follows the one before: where that is unknown, or others are, these data are older than what was seen.
  local isNext = request.call == 1 or isRepeated or isForgotten or lastCall == request.call - 1
  local isOlder = request.seq > num('seq') or not isNext
  if request.epoch == epoch and isOlder then
    beginEpoch()
    return true
  end
  -- One that was taken for dead begins anew, though its call had its effect: that has been undone.
  if request.call == 1 and not isRepeated then return false end
  local expiresUs = ranks.tagOf(ALIVE, caller)
  return not expiresUs or expiresUs <= now
end
`;
