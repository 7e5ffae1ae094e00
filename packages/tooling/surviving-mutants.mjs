/**
 * Mutants that no test notices, each with why none has to: `{ file, was, becomes, why }`, the first three as
 * `npm run mutants` prints them. Gone through so far: the rooms `close-stack` and `execution`.
 */
export const SURVIVORS = [
  {
    file: 'execution/gates/gate.js',
    was: 'for (let index = passed.length - 1; index >= 0; index -= 1)',
    becomes: 'for (let index = passed.length + 1; index >= 0; index -= 1)',
    why: 'the same: there is no gate at the places behind the last one',
  },
  {
    file: 'execution/gates/gate.js',
    was: 'passed[index]?.settle?.(call, outcome);',
    becomes: 'passed[index].settle?.(call, outcome);',
    why: 'the same: the index never leaves the list, which its type cannot say',
  },
  {
    file: 'execution/call.js',
    was: '#repeated = false;',
    becomes: '#repeated = true;',
    why: 'the same: each attempt sets it',
  },
  {
    file: 'execution/call.js',
    was: "return state.phase === 'running' && state.level === 'ready'",
    becomes: "return true && state.level === 'ready'",
    why: 'the same: only a worker that runs has a level',
  },
  {
    file: 'execution/call.js',
    was: 'if (Date.now() < this.deadline)',
    becomes: 'if (Date.now() <= this.deadline)',
    why: 'a millisecond that nobody can hit',
  },
  {
    file: 'execution/call.js',
    was: 'if (description !== undefined)',
    becomes: 'if (true)',
    why: 'the same: a worker that is ready has been described, which its type cannot say',
  },
  {
    file: 'execution/call.js',
    was: 'return this.#input.gates.length === 0 ? this.#dispatch() : this.#dispatchThrough(this.#input.gates);',
    becomes: 'return false ? this.#dispatch() : this.#dispatchThrough(this.#input.gates);',
    why: 'the same, for the price of a promise',
  },
  {
    file: 'execution/call.js',
    was: 'if (now >= this.deadline)',
    becomes: 'if (now > this.deadline)',
    why: 'a millisecond that nobody can hit',
  },
  {
    file: 'execution/call.js',
    was: 'if (actions === undefined) {',
    becomes: 'if (true) {',
    why: 'the same, slower: the table is made anew for each call',
  },
  {
    file: 'execution/call.js',
    was: 'tables.set(description, actions);',
    becomes: ';',
    why: 'the same, slower: the table is made anew for each call',
  },
  {
    file: 'execution/pipeline.js',
    was: 'if (!outcome.ok)',
    becomes: 'if (true)',
    why: 'the same, slower: what worked is not tried again',
  },
];
