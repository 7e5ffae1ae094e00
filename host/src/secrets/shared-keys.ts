import type { HostWithKeys, KeysInUse } from '../store/keys-in-use.ts';
import type { MasterKeys } from './master-key.ts';
import { MasterKeyError } from './master-key.ts';

/**
 * The keys of a host that shares its store: in use is the first one that all other hosts have, so that a new one can be put above the others in
 * their files one host after the other. Where they have none in common it is the first of the file.
 *
 * @param others ids of the keys of each other host that lives and says which it has
 */
export function withCommonFirst(keys: MasterKeys, others: () => readonly (readonly string[])[]): MasterKeys {
  const all = (): ReturnType<MasterKeys['all']> => {
    const own = keys.all();
    const known = others();
    const common = own.find(({ id }) => known.every((ids) => ids.includes(id)));
    return common === undefined ? own : [common, ...own.filter((key) => key !== common)];
  };
  return { ...keys, all, current: () => all()[0] ?? keys.current() };
}

/** Why a host must not join those that share a store, in words for its operator; undefined where it may. It may where it is the first one that seals something. */
export function findForeignKey(keys: MasterKeys, { sealed, hosts }: KeysInUse, self: string): string | undefined {
  const own = keys.all().map(({ id }) => id);
  const others = hosts.filter(({ id, keys: [inUse] }) => id !== self && inUse !== undefined && !own.includes(inUse));
  const isLost = sealed.length > 0 && !sealed.some((id) => own.includes(id));
  if (others.length === 0 && !isLost) return undefined;
  const wanted = [
    ...(isLost ? [`${sealed.join(' or ')}, which what is kept there is sealed under`] : []),
    ...others.map(({ keys: [inUse = ''], ...host }) => `${inUse}, which ${describeHost(host)} has in use`),
  ];
  const received = own.length === 0 ? 'none' : own.join(', ');
  return `${describePlace(keys)}: this host has another master key than the hosts whose store it shares (STORE_URL): expected ${wanted.join('; and ')}; received ${received}. It would seal what they cannot read, and refuse their calls: its operator names the file that all of them have with MASTER_KEY_FILE, or adds the key to this one, one to a line. Where the key is lost, what is sealed under it has to be removed before: "automate secrets remove", "automate schedules remove", "automate executions cancel"`;
}

/** Throws MasterKeyError where a key that is to be put in use is not known to all hosts that live. */
export function requireKnownToAll(keys: MasterKeys, { hosts }: KeysInUse, self: string | undefined): void {
  const others = hosts.filter(({ id, keys: known }) => id !== self && known.length > 0);
  if (others.length === 0) return;
  if (keys.besideData)
    throw new MasterKeyError(
      `the master key: ${keys.file} is this host's own, and ${others.map(describeHost).join(' and ')} could not read what is sealed under a new one: give all hosts one file with MASTER_KEY_FILE, a new key above the others there, one to a line, and rotate again`,
    );
  const [first] = keys.all();
  const lacking = others.filter(({ keys: known }) => first !== undefined && !known.includes(first.id));
  if (first === undefined || lacking.length === 0) return;
  throw new MasterKeyError(
    `${describePlace(keys)}: its first key, ${first.id}, is not known to ${lacking.map(describeHost).join(' and ')}, which could not read what is sealed under it: put it above the others in the file of MASTER_KEY_FILE there as well, and rotate again`,
  );
}

function describePlace({ besideData, file }: MasterKeys): string {
  return besideData ? `the master key, ${file}` : `MASTER_KEY_FILE, ${file}`;
}

function describeHost({ id, name, address }: Omit<HostWithKeys, 'keys'>): string {
  return `the host ${id} (${name}, ${address})`;
}
