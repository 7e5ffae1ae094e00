import { InvalidInputError } from '@automate/sdk';
import type { Arg } from './commands.ts';
import { wordsOf } from './commands.ts';
import { MAX_REPLY_BYTES, MAX_VALUE_BYTES } from './schemas.ts';
import { cutOf } from './reply-cutter.ts';
import type { Reply } from './values.ts';

/** A command whose reply holds what it takes away, so that a reply that cannot be handed on would be the loss of it. */
export interface Taker {
  /**
   * Commands whose replies tell the size of what would be taken: numbers are added up; the first list or value that is not
   * empty decides alone.
   */
  readonly probes: readonly (readonly Arg[])[];
  /** The command's own choice is random: what the probe gave is removed in its place. */
  readonly removes?: true;
}

/** The commands of which `takerOf` knows what they take. */
export const TAKERS = 'GETDEL,GETSET,SET … GET,LPOP,RPOP,LMPOP,SPOP,ZPOPMIN,ZPOPMAX,ZMPOP,HGETDEL'.split(',');

/** Bytes that a value of so many bytes may take in an answer: as base64, with its marks and a score. */
const costOf = (bytes: number): number => Math.ceil((bytes * 4) / 3) + 56;
/** One more than can be handed on, however small they are: nobody need look at the others. */
const MOST_ITEMS = Math.floor(MAX_REPLY_BYTES / costOf(0)) + 1;
/** Of Redis, for a count. */
const MAX_COUNT = 2n ** 63n - 1n;

const text = (arg: Arg | undefined): string => String(arg ?? '');
const isCount = (arg: Arg | undefined): boolean => /^[1-9]\d{0,18}$/.test(text(arg)) && BigInt(text(arg)) <= MAX_COUNT;
const looked = (count: Arg): number => Math.min(Number(text(count)), MOST_ITEMS);
const upTo = (count: Arg): string => String(looked(count) - 1);

/** How to look before a command takes something; undefined for commands that take nothing, or that are written wrongly. */
export function takerOf(args: readonly Arg[]): Taker | undefined {
  const [, key, count = '1'] = args;
  if (key === undefined) return undefined;
  // Redis itself is to say what is wrong with it.
  const hasBadCount = !isCount(count);
  switch (wordsOf(args).command) {
    case 'GETDEL':
    case 'GETSET':
      return { probes: [['STRLEN', key]] };
    case 'SET':
      return args.slice(3).some((arg) => text(arg).toUpperCase() === 'GET') ? { probes: [['STRLEN', key]] } : undefined;
    case 'LPOP':
      return hasBadCount ? undefined : { probes: [['LRANGE', key, '0', upTo(count)]] };
    case 'RPOP':
      return hasBadCount ? undefined : { probes: [['LRANGE', key, `-${looked(count)}`, '-1']] };
    case 'SPOP':
      return hasBadCount
        ? undefined
        : { probes: [['SRANDMEMBER', key, ...args.slice(2).map((each) => String(looked(each)))]], removes: true };
    case 'ZPOPMIN':
      return hasBadCount ? undefined : { probes: [['ZRANGE', key, '0', upTo(count)]] };
    case 'ZPOPMAX':
      return hasBadCount ? undefined : { probes: [['ZREVRANGE', key, '0', upTo(count)]] };
    case 'HGETDEL':
      return { probes: args.slice(4).map((field) => ['HSTRLEN', key, field]) };
    case 'LMPOP':
    case 'ZMPOP':
      return severalKeys(args);
    default:
      return undefined;
  }
}

/** `LMPOP numkeys key… LEFT|RIGHT [COUNT n]`: takes from the first key that holds something. */
function severalKeys(args: readonly Arg[]): Taker | undefined {
  if (!isCount(args[1])) return undefined;
  const end = 2 + Number(text(args[1]));
  const keys = args.slice(2, end);
  const count = args[end + 2] ?? '1';
  if (!isCount(count)) return undefined;
  const byEnd: Readonly<Record<string, readonly string[]>> = {
    LEFT: ['LRANGE', '0', upTo(count)],
    RIGHT: ['LRANGE', `-${looked(count)}`, '-1'],
    MIN: ['ZRANGE', '0', upTo(count)],
    MAX: ['ZREVRANGE', '0', upTo(count)],
  };
  const [look, from, to] = byEnd[text(args[end]).toUpperCase()] ?? [];
  if (look === undefined || from === undefined || to === undefined) return undefined;
  return { probes: keys.map((key) => [look, key, from, to]) };
}

/** What the guarding script replies. */
export const TOO_LARGE = 'TOOLARGE it would be lost';

export function tooLargeToTake(args: readonly Arg[]): InvalidInputError {
  return new InvalidInputError(
    `what ${wordsOf(args).command} would take away is too large to be sent: more than ${MAX_VALUE_BYTES} bytes of one value, or ${MAX_REPLY_BYTES} of all; nothing was taken; ask for less, or for parts with a command that reads`,
    { effect: 'none', details: { reason: 'value_too_large' } },
  );
}

/** Whether what the probes found is too large to be handed on. Probes that failed tell nothing: the command will say why. */
export function isTooLarge(replies: readonly Reply[]): boolean {
  let total = 0;
  for (const reply of replies) {
    const values = Array.isArray(reply) ? reply : [reply];
    if (values.some((value) => cutOf(value) !== undefined)) return true;
    const sizes = values.map((value) => (Buffer.isBuffer(value) ? value.length : Number(value ?? 0)));
    if (sizes.some((size) => size > MAX_VALUE_BYTES)) return true;
    for (const size of sizes) total += costOf(size);
    if (Array.isArray(reply) && reply.length > 0) break;
  }
  return total > MAX_REPLY_BYTES;
}

/**
 * The same in one step with the taking, so that nobody comes between. ARGV: most bytes of a value and of all, whether to
 * remove what was found from the command's key, how many probes, each as its number of words and the words; the command.
 */
const SCRIPT = `
local at = 4
local function words(count)
  local all = {}
  for i = 1, count do at = at + 1; all[i] = ARGV[at] end
  return all
end
local most, limit, total, found = tonumber(ARGV[1]), tonumber(ARGV[2]), 0, nil
local function add(bytes)
  total = total + bytes * 4 / 3 + 56
  if bytes > most then total = limit + 1 end
end
for _ = 1, tonumber(ARGV[4]) do
  local probe = words(tonumber(words(1)[1]))
  local reply = not found and redis.pcall(unpack(probe))
  if type(reply) == 'number' then add(reply) end
  if type(reply) == 'string' then add(#reply); found = {reply} end
  if type(reply) == 'table' and not reply.err and #reply > 0 then
    for _, value in ipairs(reply) do add(#value) end
    found = reply
  end
end
if total > limit then return redis.error_reply('${TOO_LARGE}') end
local command = words(#ARGV - at)
if ARGV[3] == '0' or not found then return redis.pcall(unpack(command)) end
for from = 1, #found, 1000 do
  redis.call('SREM', command[2], unpack(found, from, math.min(from + 999, #found)))
end
if command[3] then return found end
return found[1]`;

/** The command as a script that takes nothing, and says so, where what it would take is too large to be handed on. */
export function guarded(args: readonly Arg[], { probes, removes }: Taker): readonly Arg[] {
  const words = probes.flatMap((probe) => [String(probe.length), ...probe]);
  const limits = [MAX_VALUE_BYTES, MAX_REPLY_BYTES, removes === true ? 1 : 0, probes.length].map(String);
  return ['EVAL', SCRIPT, '0', ...limits, ...words, ...args];
}
