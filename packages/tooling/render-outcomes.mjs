export function renderOutcomes({ kind, actions }, own, codes) {
  const reading = actions.filter(({ sideEffects }) => !sideEffects).map(({ name }) => `\`${name}\``);
  const readers =
    reading.length === 0
      ? []
      : [{ when: `an action that changes nothing (${reading.join(', ')})`, effect: 'none', retried: 'if `retryable`' }];
  return [
    `## Outcomes of \`${kind}\``,
    '',
    'An error says in `effect` whether the remote system may have acted: `none` is certain, `maybe` is not. The host itself',
    'tries again, up to `retry.attempts` times, what is `retryable` and either had no effect or may be repeated.',
    '',
    ...table('what failed', [
      {
        when: 'before the call was sent: payload, queue, start, connection',
        effect: 'none',
        retried: 'if `retryable`',
      },
      ...readers,
      ...groupCodes(codes),
    ]),
    '',
    ...(own.length === 0 ? [] : [...table(`of \`${kind}\` in particular`, own), '']),
  ].join('\n');
}

/** Codes that mean the same, together. A lost worker says nothing about the remote system: the action alone decides. */
function groupCodes(codes) {
  const rows = Object.entries(codes).map(([code, { effect, retryable }]) => ({
    code,
    effect,
    retried: retryable || code === 'WORKER_LOST',
  }));
  const groups = Map.groupBy(rows, ({ effect, retried }) => `${effect} ${retried}`);
  return [...groups.values()].map((group) => ({
    ...group[0],
    when: `otherwise ${group.map(({ code }) => code).join(', ')}`,
  }));
}

function table(title, rows) {
  return [
    `| ${title} | effect | tried again |`,
    '| --- | --- | --- |',
    ...rows.map(({ when, effect, retried }) => `| ${cell(when)} | \`${effect}\` | ${cell(words(effect, retried))} |`),
  ];
}

function words(effect, retried) {
  if (typeof retried === 'string') return retried;
  if (!retried) return 'no';
  return effect === 'none' ? 'yes' : 'only actions that may be repeated';
}

const cell = (text) => text.replaceAll('|', '\\|').replaceAll('\n', ' ');
