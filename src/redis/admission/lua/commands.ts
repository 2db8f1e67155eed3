/**
 * How the script writes. Everything is written after everything is decided, so that an error in between changes nothing
 * but the number of the call; only who looks how much of a log must leave has its new stamps written first.
 */
export const commands = String.raw`
local KEY = KEYS[1]
local INF = math.huge

local function text(value)
  if type(value) ~= 'number' then return value end
  if value == INF then return 'inf' end
  if value == -INF then return '-inf' end
  if value == math.floor(value) and math.abs(value) < 2 ^ 53 then return string.format('%.0f', value) end
  return string.format('%.17g', value)
end

-- Lua can hand over only so many values at once.
local function write(command, key, values)
  for i = 1, #values, 1000 do redis.call(command, key, unpack(values, i, math.min(i + 999, #values))) end
end

local orders = {}

-- What is to be done once all the rest is written.
local function order(...) table.insert(orders, { ... }) end

local function obey()
  for _, each in ipairs(orders) do redis.call(unpack(each)) end
  orders = {}
end
`;
