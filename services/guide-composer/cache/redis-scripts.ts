import { createHash } from "node:crypto";
import type { RedisClient } from "./redis-client.ts";

interface Script {
  readonly text: string;
  readonly sha: string;
}

const script = (text: string): Script => ({ text, sha: createHash("sha1").update(text).digest("hex") });

/**
 * Asks for the right to load. KEYS: for each content its lease and its value. ARGV: token, life of a lease in
 * milliseconds, the instant now, and for each content the oldest stored-at that is good enough. Answers per content 1 when the lease is
 * ours, 0 when somebody else has it, 2 when the value is good by now. Reads the header of `entry-codec.ts`.
 */
export const ACQUIRE = script(`
local answers = {}
for i = 1, #KEYS, 2 do
  local head = redis.call('GETRANGE', KEYS[i + 1], 0, 19)
  local good = false
  if #head == 20 and string.sub(head, 1, 2) == 'WF' then
    local stored = struct.unpack('>d', string.sub(head, 5, 12))
    local expire = struct.unpack('>d', string.sub(head, 13, 20))
    good = expire > tonumber(ARGV[3]) and stored >= tonumber(ARGV[4 + (i - 1) / 2])
  end
  if good then
    answers[#answers + 1] = 2
  elseif redis.call('SET', KEYS[i], ARGV[1], 'NX', 'PX', ARGV[2]) then
    answers[#answers + 1] = 1
  else
    answers[#answers + 1] = 0
  end
end
return answers
`);

/** Keeps leases. KEYS: leases. ARGV: token, life in milliseconds. Answers how many are still ours. */
export const RENEW = script(`
local count = 0
for i = 1, #KEYS do
  if redis.call('GET', KEYS[i]) == ARGV[1] then
    count = count + redis.call('PEXPIRE', KEYS[i], ARGV[2])
  end
end
return count
`);

/**
 * Writes a value if the lease is still ours, gives the lease back, and tells. KEYS: lease, value. ARGV: token, value,
 * life of the value in milliseconds, channel, message. Answers 1 when it was written.
 */
export const COMMIT = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[2], 'PX', ARGV[3])
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`);

/**
 * Writes a value unless a newer one is there, and tells. KEYS: value. ARGV: value, its life in milliseconds, its stored-at, the
 * instant now, channel, message. What claims to be of the future is not newer: a clock has been wrong. Answers 1 when it
 * was written. Reads the header of `entry-codec.ts`.
 */
export const WRITE = script(`
local head = redis.call('GETRANGE', KEYS[1], 0, 19)
if #head == 20 and string.sub(head, 1, 2) == 'WF' then
  local stored = struct.unpack('>d', string.sub(head, 5, 12))
  local expire = struct.unpack('>d', string.sub(head, 13, 20))
  local now = tonumber(ARGV[4])
  if stored > tonumber(ARGV[3]) and stored <= now and expire > now then return 0 end
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('PUBLISH', ARGV[5], ARGV[6])
return 1
`);

/**
 * Replaces a value that is still the one that was read, and tells. KEYS: value. ARGV: SHA-1 of the one that was read, value,
 * its life in milliseconds, channel, message. Answers 1 when it was replaced.
 */
export const REPLACE = script(`
local there = redis.call('GET', KEYS[1])
if not there or redis.sha1hex(there) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1
`);

/** Adds to the log of evictions, and tells. KEYS: log. ARGV: its length at most, scope, channel, message. */
export const ANNOUNCE = script(`
redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[1], '*', 'scope', ARGV[2])
redis.call('PUBLISH', ARGV[3], ARGV[4])
return 1
`);

/**
 * Counts calls. KEYS: scores of this era, of the one before. ARGV: what a score of the era before is worth in this one,
 * members to keep, life in milliseconds, then pairs of weight and member. Scores are negative: the least is the most.
 */
export const COUNT = script(`
if redis.call('EXISTS', KEYS[1]) == 0 and redis.call('EXISTS', KEYS[2]) == 1 then
  redis.call('ZUNIONSTORE', KEYS[1], 1, KEYS[2], 'WEIGHTS', ARGV[1])
end
for i = 4, #ARGV, 2 do
  redis.call('ZINCRBY', KEYS[1], '-' .. ARGV[i], ARGV[i + 1])
end
redis.call('ZREMRANGEBYRANK', KEYS[1], ARGV[2], -1)
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

/** Gives a lease back without a value, and tells. KEYS: lease. ARGV: token, channel, message. */
export const RELEASE = script(`
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
redis.call('DEL', KEYS[1])
redis.call('PUBLISH', ARGV[2], ARGV[3])
return 1
`);

/** Runs a script, by its digest when Redis knows it. */
export async function runScript(
  client: RedisClient,
  { text, sha }: Script,
  keys: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  try {
    return await client.evalsha(sha, keys.length, ...keys, ...args);
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith("NOSCRIPT"))) throw error;
    return await client.eval(text, keys.length, ...keys, ...args);
  }
}
