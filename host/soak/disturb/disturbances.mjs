// What is done to three hosts and their database, each by a seed. Each ends with everything back where it was.
import { setTimeout as delay } from 'node:timers/promises';
import { EVERYWHERE } from './hosts.mjs';
import { cut, putBack } from './networks.mjs';

/** How long a host's connectors may take to be answered for by another, before that is given up, in milliseconds. */
const TAKEN_WITHIN_MS = 30_000;

export const DISTURBANCES = {
  /** Killed in the midst of calls. */
  async kill({ hosts, victim, takeover, spareOthers }) {
    spareOthers('another host was killed');
    const taking = takeover();
    await hosts.kill(victim);
    await taking.done(TAKEN_WITHIN_MS);
    await hosts.start(victim);
    return `host ${victim} was killed`;
  },

  /** Cut off from the database alone: it serves its callers still. */
  async 'cut off from the database'({ owner, victim, random, spareOthers }) {
    spareOthers('another host alone was cut off from the database', needsNoStore);
    const how = random() < 0.5 ? 'silent' : 'loud';
    const ms = between(random, 2_000, 10_000);
    cut(owner, victim, ['base'], how);
    await delay(ms);
    putBack(owner, victim, ['base']);
    return `host ${victim} was cut off from the database for ${ms} ms (${how})`;
  },

  /** Cut off from everybody. */
  async 'cut off'({ owner, victim, random, takeover, spareOthers }) {
    spareOthers('another host was cut off');
    const how = random() < 0.5 ? 'silent' : 'loud';
    const ms = between(random, 2_000, 10_000);
    const taking = ms > 6_000 ? takeover() : undefined;
    cut(owner, victim, ['calls', 'base'], how);
    await Promise.all([delay(ms), taking?.done(ms)]);
    putBack(owner, victim, ['calls', 'base']);
    return `host ${victim} was cut off for ${ms} ms (${how})`;
  },

  /** Stands still, and goes on as if nothing had been. */
  async stopped({ hosts, victim, random, takeover, spareOthers }) {
    spareOthers('another host stood still');
    const ms = between(random, 500, 9_000);
    const taking = ms > 6_000 ? takeover() : undefined;
    hosts.signal(victim, 'SIGSTOP');
    await Promise.all([delay(ms), taking?.done(ms)]);
    hosts.signal(victim, 'SIGCONT');
    return `host ${victim} stood still for ${ms} ms`;
  },

  async 'database away'({ hosts, random, outageMs, expect }) {
    expect('each host runs this connector itself, and needs no database for it', { of: [], must: needsNoStore });
    const signal = random() < 0.5 ? 'SIGINT' : 'SIGQUIT';
    await hosts.database.stop(signal);
    await delay(outageMs);
    await hosts.database.restart();
    return `the database was away for ${outageMs} ms (${signal})`;
  },

  /** Sessions end, or one crashes, which ends all of them. */
  async 'sessions of the database end'({ hosts, random, expect }) {
    expect('only sessions of the database ended');
    const sessions = await hosts.database.query(
      `SELECT pid FROM pg_stat_activity WHERE datname = 'rounds' AND pid <> pg_backend_pid() ORDER BY pid`,
    );
    const few = sessions.filter(() => random() < 0.4).map(({ pid }) => pid);
    const isCrash = random() < 0.3;
    if (isCrash) process.kill(sessions[Math.floor(random() * sessions.length)].pid, 'SIGKILL');
    else
      await hosts.database.query(`SELECT pg_terminate_backend(pid) FROM unnest(ARRAY[${few.join(',')}]::int[]) AS pid`);
    await delay(3_000);
    return isCrash
      ? 'a session of the database was killed'
      : `${few.length} of ${sessions.length} sessions of the database were ended`;
  },

  /** A version goes through all hosts, one after the other, while they are called. */
  async upgrade({ hosts, expect, nextVersion, answeredBy, judge, drift }) {
    const version = nextVersion();
    const tarball = await hosts.pack(version);
    expect(`only version ${version} went through`);
    for (const slot of hosts.slots) await hosts.upgrade(slot, tarball);
    await answeredBy(version);
    const left = await drift();
    judge(left.length === 0, `after the upgrade to ${version} hosts say that they differ: ${JSON.stringify(left)}`);
    return `version ${version} went through all hosts`;
  },

  /** Ends as its operator ends it. */
  async ended({ hosts, victim, expect, judge }) {
    expect('another host was ended', {
      of: hosts.slots.filter((slot) => slot !== victim),
      must: ({ slot }) => slot !== victim,
    });
    const status = await hosts.end(victim);
    judge(status === 0, `host ${victim} ended with ${status}`);
    await delay(1_000);
    await hosts.start(victim);
    return `host ${victim} was ended and started again`;
  },
};

/** Of calls: each host runs the connector by itself, and nothing is kept of the call. */
function needsNoStore({ connector, kept }) {
  return connector === EVERYWHERE && !kept;
}

function between(random, least, most) {
  return Math.round(least + random() * (most - least));
}
