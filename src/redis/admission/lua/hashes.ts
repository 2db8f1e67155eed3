/** Hashes: a field is read when it is first asked for, whole hashes and many fields in one go; what changes is gathered. */
export const hashes = String.raw`
local hashes = {}
local hashAt = {}

local function hashOf(key)
  local hash = hashAt[key]
  if not hash then
    hash = { values = {}, changed = {}, isWhole = false, isGone = false }
    hashAt[key] = hash
  end
  return hash
end

-- All of it, where most will be asked for.
function hashes.read(key)
  local hash = hashOf(key)
  if hash.isWhole then return hash.values end
  local flat = redis.call('HGETALL', key)
  for i = 1, #flat, 2 do
    if hash.values[flat[i]] == nil then hash.values[flat[i]] = flat[i + 1] end
  end
  hash.isWhole = true
  return hash.values
end

function hashes.readFields(key, fields)
  local values = hashOf(key).values
  for i = 1, #fields, 1000 do
    local found = redis.call('HMGET', key, unpack(fields, i, math.min(i + 999, #fields)))
    for j, value in ipairs(found) do values[fields[i + j - 1]] = value end
  end
end

function hashes.get(key, field)
  local hash = hashOf(key)
  local value = hash.values[field]
  if value == nil and not hash.isWhole then
    value = redis.call('HGET', key, field)
    hash.values[field] = value
  end
  return value or nil
end

-- nil forgets it.
function hashes.put(key, field, value)
  local hash = hashOf(key)
  if value == nil and hash.isWhole and not hash.values[field] then return end
  hash.values[field] = value or false
  hash.changed[field] = true
end

function hashes.drop(key)
  hashAt[key] = { values = {}, changed = {}, isWhole = true, isGone = true }
end

function hashes.write()
  for key, hash in pairs(hashAt) do
    local puts, gone = {}, {}
    for field in pairs(hash.changed) do
      local value = hash.values[field]
      if value then
        table.insert(puts, field)
        table.insert(puts, text(value))
      else
        table.insert(gone, field)
      end
    end
    if hash.isGone then redis.call('DEL', key) end
    write('HSET', key, puts)
    write('HDEL', key, gone)
    hash.changed, hash.isGone = {}, false
  end
end
`;
