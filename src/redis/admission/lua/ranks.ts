/**
 * Sorted sets of which the first are wanted: members with tags, the smallest tag first. The front of one is held in its
 * order; whoever moves back behind what was read is found again when the front has run empty and more of it is read.
 */
export const ranks = String.raw`
local ranks = {}
local rankAt = {}
local frontSize = 32

local function isBefore(one, other)
  return one.tag < other.tag or (one.tag == other.tag and one.member < other.member)
end

-- Behind the last that was read others may stand.
local function insert(rank, item)
  if rank.last and not isBefore(item, rank.last) then return end
  local low, high = 1, #rank.front + 1
  while low < high do
    local middle = math.floor((low + high) / 2)
    if isBefore(rank.front[middle], item) then low = middle + 1 else high = middle end
  end
  table.insert(rank.front, low, item)
end

-- What has changed since stands above what is stored.
local function readFront(rank)
  local flat = redis.call('ZRANGE', rank.key, 0, rank.size - 1, 'WITHSCORES')
  local isCut = #flat == 2 * rank.size
  rank.front = {}
  rank.last = isCut and { member = flat[#flat - 1], tag = tonumber(flat[#flat]) } or nil
  rank.wasCut = rank.wasCut or isCut
  for i = 1, #flat, 2 do
    local member, tag = flat[i], tonumber(flat[i + 1])
    rank.stored[member] = true
    if not rank.changed[member] then
      rank.tags[member] = tag
      table.insert(rank.front, { member = member, tag = tag })
    end
  end
  for member in pairs(rank.changed) do
    if rank.tags[member] then insert(rank, { member = member, tag = rank.tags[member] }) end
  end
  rank.size = rank.size * 4
end

local function rankOf(key)
  local rank = rankAt[key]
  if not rank then
    rank = { key = key, size = frontSize, tags = {}, stored = {}, changed = {} }
    rankAt[key] = rank
    readFront(rank)
  end
  return rank
end

local function takeOut(rank, member)
  for index, item in ipairs(rank.front) do
    if item.member == member then return table.remove(rank.front, index) end
  end
end

function ranks.first(key)
  local rank = rankOf(key)
  while #rank.front == 0 and rank.last do readFront(rank) end
  return rank.front[1]
end

function ranks.tagOf(key, member)
  local rank = rankOf(key)
  if rank.tags[member] == nil and rank.last then
    rank.tags[member] = tonumber(redis.call('ZSCORE', key, member) or nil) or false
  end
  return rank.tags[member] or nil
end

function ranks.place(key, member, tag)
  local rank = rankOf(key)
  local item = rank.tags[member] and takeOut(rank, member) or { member = member }
  item.tag = tag
  rank.tags[member], rank.changed[member] = tag, true
  insert(rank, item)
end

function ranks.leave(key, member)
  local rank = rankOf(key)
  takeOut(rank, member)
  rank.tags[member], rank.changed[member] = false, true
end

function ranks.all(key)
  local rank, members = rankOf(key), {}
  while rank.last do readFront(rank) end
  for _, item in ipairs(rank.front) do table.insert(members, item.member) end
  return members
end

-- How many there are, once all is written.
function ranks.size(key)
  local rank = rankOf(key)
  return rank.last and redis.call('ZCARD', key) or #rank.front
end

function ranks.write()
  for key, rank in pairs(rankAt) do
    local puts, gone = {}, {}
    for member in pairs(rank.changed) do
      if rank.tags[member] then
        table.insert(puts, text(rank.tags[member]))
        table.insert(puts, member)
      elseif rank.stored[member] or rank.wasCut then
        table.insert(gone, member)
      end
    end
    write('ZADD', key, puts)
    write('ZREM', key, gone)
    rank.changed = {}
  end
end
`;
