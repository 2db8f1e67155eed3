/**
 * All that a worker ever asks of a journal, in one step: what happens to it happens whole, once, or not at all.
 *
 * A journal is a list of entries, which only ever grows, and three small things beside it: whose each claimed prompt is,
 * until when each worker counts as alive by Redis' own clock, and what the last step of each worker was answered. A step
 * carries a number: sent again, because nobody knows whether it came, it has its effect once, and one that comes after its
 * successor has none.
 *
 * KEYS: meta, log, workers, claims, steps of this worker.
 * ARGV: the worker, the number of its step, its lease in ms, the run (empty as it is opened), how many entries it has read,
 * the SHA-1 of the last of these, how many it knows of, the channel, how many bytes of entries may come back, and as JSON
 * `open`, `write` (prompt, entry, 1 for an end), `release`, `claim`, `watch`, `leave`.
 *
 * The answer: what became of it, how many entries there are, the run, its settings, answers to `write` and `claim` (1 for
 * done, 0 for not ours), 1 where the worker was given up since its last step and has lost all it had, for each of `watch`
 * whether another has it, and the entries that come next.
 *
 * The first write of a step is one that Redis refuses where it is out of memory: then none of it has happened.
 */
export const journalScript = `
local meta, log, workers, claims, steps = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5]
local worker, number, ttl, run = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]
local read, digest, known = tonumber(ARGV[5]), ARGV[6], tonumber(ARGV[7])
local channel, room, ask = ARGV[8], tonumber(ARGV[9]), cjson.decode(ARGV[10])

local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

local length = redis.call('LLEN', log)
local found = redis.call('HGET', meta, 'run')
local function refused(why)
  return { why, length, found or '', redis.call('HGET', meta, 'settings') or '', '', 0, {}, {} }
end

if found then
  if run == '' and redis.call('HGET', meta, 'format') ~= ask.open.format then return refused('format') end
  if run == '' and redis.call('HGET', meta, 'settings') ~= ask.open.settings then return refused('settings') end
  if run ~= '' and run ~= found then return refused('lost') end
elseif run ~= '' or length > 0 then
  return refused('lost')
end
if length < known or length < read then return refused('lost') end
if read > 0 and redis.sha1hex(redis.call('LINDEX', log, read - 1)) ~= digest then return refused('lost') end

local function mine(prompt)
  return redis.call('HGET', claims, prompt) == worker
end

local last = redis.call('GET', steps)
local lastNumber, answers, given = 0, '', 0
if last then
  local n, a, g = string.match(last, '^(%d+) (%d*) (%d)$')
  lastNumber, answers, given = tonumber(n), a, tonumber(g)
end
if lastNumber > number then return refused('late') end

if lastNumber < number then
  local news = false
  given = 0
  if number > 1 and not redis.call('ZSCORE', workers, worker) then given = 1 end
  redis.call('ZADD', workers, now + ttl, worker)

  local dead = redis.call('ZRANGEBYSCORE', workers, '-inf', now)
  if #dead > 0 then
    redis.call('ZREM', workers, unpack(dead))
    local held = redis.call('HGETALL', claims)
    for i = 1, #held, 2 do
      if not redis.call('ZSCORE', workers, held[i + 1]) then redis.call('HDEL', claims, held[i]) end
    end
    news = true
  end

  if not found then
    found = ask.open.run
    redis.call('HSET', meta, 'run', found, 'settings', ask.open.settings, 'format', ask.open.format)
  end

  local done = {}
  for _, it in ipairs(ask.write or {}) do
    local is = mine(it[1])
    if is then
      length = redis.call('RPUSH', log, it[2])
      if it[3] == 1 then
        redis.call('HDEL', claims, it[1])
        news = true
      end
    end
    done[#done + 1] = is and '1' or '0'
  end
  for _, prompt in ipairs(ask.release or {}) do
    if mine(prompt) then
      redis.call('HDEL', claims, prompt)
      news = true
    end
  end
  for _, prompt in ipairs(ask.claim or {}) do
    local is = redis.call('HSETNX', claims, prompt, worker) == 1 or mine(prompt)
    done[#done + 1] = is and '1' or '0'
  end
  if ask.leave then
    redis.call('ZREM', workers, worker)
    local held = redis.call('HGETALL', claims)
    for i = 1, #held, 2 do
      if held[i + 1] == worker then redis.call('HDEL', claims, held[i]) end
    end
    news = true
  end

  answers = table.concat(done)
  redis.call('SET', steps, number .. ' ' .. answers .. ' ' .. given, 'PX', 3600000)
  if news then redis.call('PUBLISH', channel, worker) end
end

local taken = {}
for _, prompt in ipairs(ask.watch or {}) do
  local holder = redis.call('HGET', claims, prompt)
  taken[#taken + 1] = (holder and holder ~= worker) and 1 or 0
end

local entries = {}
while room > 0 and read < length do
  for _, entry in ipairs(redis.call('LRANGE', log, read, read + 31)) do
    entries[#entries + 1] = entry
    room = room - #entry
    read = read + 1
  end
end
return { 'done', length, found, redis.call('HGET', meta, 'settings'), answers, given, taken, entries }
`;
