/**
 * The beginning of the script: what a call reads and leaves. Scalars are cached and written in one go at the end; the
 * fields of single keys are read as they are asked for. Instants and spans are whole microseconds since the limiter's first
 * call, so that additions are exact and no number outgrows a double.
 */
export const state = String.raw`
local KEY = KEYS[1]
local STATE, KEYED = KEY .. ':state', KEY .. ':keyed'
local INF = math.huge
local request = cjson.decode(ARGV[1])

local cache, dirty = {}, {}
do
  local flat = redis.call('HGETALL', STATE)
  for i = 1, #flat, 2 do cache[flat[i]] = flat[i + 1] end
end

local function text(value)
  if type(value) ~= 'number' then return value end
  if value == INF then return 'inf' end
  if value == -INF then return '-inf' end
  if value == math.floor(value) and math.abs(value) < 2 ^ 53 then return string.format('%.0f', value) end
  return string.format('%.17g', value)
end

-- Fields that begin with "k|" are those of a single key.
local function get(field)
  local value = cache[field]
  if value == nil and string.byte(field) == 107 then
    value = redis.call('HGET', KEYED, field)
    cache[field] = value
  end
  return value or nil
end

local function num(field, default)
  return tonumber(get(field)) or default or 0
end

-- nil forgets it.
local function set(field, value)
  if value == nil then value = false end
  cache[field] = value
  dirty[field] = true
end

local function save()
  local puts, gone = { {}, {} }, { {}, {} }
  for field in pairs(dirty) do
    local where = string.byte(field) == 107 and 2 or 1
    local value = cache[field]
    if value == false then
      table.insert(gone[where], field)
    else
      table.insert(puts[where], field)
      table.insert(puts[where], text(value))
    end
  end
  for where, key in ipairs({ STATE, KEYED }) do
    if #puts[where] > 0 then
      for i = 1, #puts[where], 1000 do
        redis.call('HSET', key, unpack(puts[where], i, math.min(i + 999, #puts[where])))
      end
    end
    if #gone[where] > 0 then redis.call('HDEL', key, unpack(gone[where])) end
  end
end

-- The server's clock, which may be set back: time then stands still for the step and goes on from there.
local wallMs, now, lastCallUs
do
  local micros = request.nowUs
  if not micros then
    local time = redis.call('TIME')
    micros = tonumber(time[1]) * 1e6 + tonumber(time[2])
  end
  wallMs = request.wallMs or micros / 1000
  if not get('base') then set('base', micros - 1) end
  now = micros - num('base') + num('lost')
  lastCallUs = num('last')
  if now < num('last') then
    set('lost', num('lost') + num('last') - now)
    now = num('last')
  end
  set('last', now)
end
`;
