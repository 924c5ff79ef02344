import { createHash } from 'node:crypto';

/** A script that Redis runs as one step: nobody else's command comes in between. */
export interface Script {
  readonly text: string;
  readonly sha1: string;
}

/** No sealed secret is as long; what is was put there by somebody else. */
const longestValue = 1_048_576;

/** A hash that a stranger has put something else in place of is made room for. */
const own = `
local function own(key)
  local type = redis.call('TYPE', key).ok
  if type ~= 'hash' and type ~= 'none' then redis.call('DEL', key) end
end`;

/** KEYS: the hash. ARGV: the field. Answers with the value, `false` for none. */
export const readScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok ~= 'hash' then return false end
if redis.call('HSTRLEN', KEYS[1], ARGV[1]) > ${longestValue} then
  redis.call('HDEL', KEYS[1], ARGV[1])
  return false
end
return redis.call('HGET', KEYS[1], ARGV[1])`);

/**
 * KEYS: the hash. ARGV: the field, the sealed secret, milliseconds to keep it, what is there and not trusted, the channel, the
 * message for the others. Answers with what is there if it was fetched later, or is the same, and changes nothing then.
 *
 * When it was fetched stands in bytes 10 to 17 of what is sealed, in the clear. Nobody proves it here: who gets the present
 * one back does, and comes again with it as the one that is not trusted.
 */
export const writeScript: Script = script(`${own}
own(KEYS[1])
local present = redis.call('HGET', KEYS[1], ARGV[1])
if present and present ~= ARGV[4] and #present >= 18 and
  struct.unpack('>d', present, 11) >= struct.unpack('>d', ARGV[2], 11) then
  return present
end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return false`);

/** KEYS: the hash. ARGV: the field, and what it holds; anything else that is there by now stays. */
export const dropScript: Script = script(`
if redis.call('TYPE', KEYS[1]).ok == 'hash' and redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then
  redis.call('HDEL', KEYS[1], ARGV[1])
end
return false`);

/** KEYS: the lease. ARGV: whose it is. It may have run out, and be another's by now. */
export const releaseScript: Script = script(`
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return false`);

function script(text: string): Script {
  return { text, sha1: createHash('sha1').update(text).digest('hex') };
}
