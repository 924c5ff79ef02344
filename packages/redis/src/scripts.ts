import { createHash } from 'node:crypto';

/** A Lua script, which Redis runs atomically. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** Sealed secrets are shorter (bytes); a longer value is not ours. */
const maxValueLength = 1_048_576;

/** Deletes a key of another type, which would make every command on the hash fail. */
const ensureHash = `
local function ensureHash(key)
  local type = redis.call('TYPE', key).ok
  if type ~= 'hash' and type ~= 'none' then redis.call('DEL', key) end
end`;

/** KEYS: hash. ARGV: field. Returns the value, or `false` if there is none. */
export const readScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return false end
if redis.call('HSTRLEN', KEYS[1], ARGV[1]) > ${maxValueLength} then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return false
end
return redis.call('HGET', KEYS[1], ARGV[1])`);

/**
 * KEYS: hash. ARGV: field, sealed secret, time to live (ms), present value that may be replaced, channel, message.
 * Returns the present value, unchanged, if it was fetched later or at the same time, or if a later release sealed it with the
 * same key; otherwise writes and returns `false`.
 *
 * The format version is in byte 0 of a sealed secret, the key id in bytes 2 to 9, the fetch time in bytes 10 to 17. The script cannot authenticate it. The caller
 * verifies the returned value, and calls again with it as the value that may be replaced if it is not authentic.
 */
export const writeScript: Script = script(`${ensureHash}
ensureHash(KEYS[1])
local present = redis.call('HGET', KEYS[1], ARGV[1])
if present and #present >= 46 and string.byte(present) > string.byte(ARGV[2]) and
  string.sub(present, 3, 10) == string.sub(ARGV[2], 3, 10) then
  return present
end
if present and present ~= ARGV[4] and #present >= 18 and
  struct.unpack('>d', present, 11) >= struct.unpack('>d', ARGV[2], 11) then
  return present
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return false`);

/** KEYS: hash. ARGV: field, value. Deletes the field only if it still holds the value. */
export const dropScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return false`);

/**
 * KEYS: hash. ARGV: request, sealed secret. Deletes the entries of a request, in every format, that were fetched before that
 * secret. It is sealed with another key, so its own entry is in another hash.
 */
export const dropOlderScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return false end
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #ARGV[1]) == ARGV[1] then
    local value = redis.call('HGET', KEYS[1], field)
    if value and #value >= 18 and struct.unpack('>d', value, 11) < struct.unpack('>d', ARGV[2], 11) then
      redis.call('HDEL', KEYS[1], field)
    end
  end
end
return false`);

/**
 * KEYS: hash. ARGV: request. Deletes the entries of a request in every format, those of later releases included: their
 * fields begin with it. Returns their number.
 */
export const removeScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return 0 end
local count = 0
for _, field in ipairs(redis.call('HKEYS', KEYS[1])) do
  if string.sub(field, 1, #ARGV[1]) == ARGV[1] then count = count + redis.call('HDEL', KEYS[1], field) end
end
return count`);

/** KEYS: hash. ARGV: channel, message. The key selects the node of a cluster; every node forwards the message. */
export const publishScript: Script = script(`
redis.call('PUBLISH', ARGV[1], ARGV[2])
return false`);

/** KEYS: lease. ARGV: token. Does not release the lease of another process that acquired it after this one expired. */
export const releaseScript: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return false`);

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
