/** Lists of which the first leave and the last are added: they are read page by page, and what changes is gathered. */
export const lists = String.raw`
local lists = {}
local listAt = {}
local pageSize = 32

local function listOf(key)
  local list = listAt[key]
  if not list then
    list = { read = {}, added = {}, left = 0, isRead = false, isGone = false }
    listAt[key] = list
  end
  return list
end

local function readPage(key, list)
  local page = redis.call('LRANGE', key, #list.read, #list.read + pageSize - 1)
  for _, item in ipairs(page) do table.insert(list.read, item) end
  list.isRead = #page < pageSize
end

function lists.append(key, item) table.insert(listOf(key).added, item) end

function lists.first(key)
  local list = listOf(key)
  while list.left >= #list.read and not list.isRead do readPage(key, list) end
  return list.read[list.left + 1] or list.added[list.left - #list.read + 1]
end

-- Lets the first go, of those that are there.
function lists.shift(key, count)
  local list = listOf(key)
  list.left = list.left + (count or 1)
end

function lists.all(key)
  local list, items = listOf(key), {}
  while not list.isRead do readPage(key, list) end
  for i = list.left + 1, #list.read do table.insert(items, list.read[i]) end
  for i = math.max(1, list.left - #list.read + 1), #list.added do table.insert(items, list.added[i]) end
  return items
end

function lists.replace(key, items)
  listAt[key] = { read = {}, added = items, left = 0, isRead = true, isGone = true }
end

function lists.write()
  for key, list in pairs(listAt) do
    local stored = list.isRead and math.min(list.left, #list.read) or list.left
    local added = {}
    for i = list.left - stored + 1, #list.added do table.insert(added, list.added[i]) end
    if list.isGone then redis.call('DEL', key) end
    if stored > 0 then redis.call('LTRIM', key, stored, -1) end
    write('RPUSH', key, added)
  end
  listAt = {}
end
`;
