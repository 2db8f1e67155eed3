/**
 * The scalars of a limiter, read in one go; those of single keys are read as they are asked for. Instants and spans are
 * whole microseconds since the limiter's first call, so that additions are exact and no number outgrows a double.
 */
export const state = String.raw`
local STATE, KEYED = KEY .. ':state', KEY .. ':keyed'
local request = cjson.decode(ARGV[1])
hashes.read(STATE)

-- Fields that begin with "k|" are those of a single key.
local function get(field)
  return hashes.get(string.byte(field) == 107 and KEYED or STATE, field)
end

local function num(field, default)
  return tonumber(get(field)) or default or 0
end

-- nil forgets it.
local function set(field, value)
  hashes.put(string.byte(field) == 107 and KEYED or STATE, field, value)
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
