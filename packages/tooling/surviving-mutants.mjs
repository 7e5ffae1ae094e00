/**
 * Mutants that no test notices, each with why none has to: `{ file, was, becomes, why }`, the first three as
 * `npm run mutants` prints them. Gone through so far: the room `close-stack`, and of `execution` the gates, `judge-error` and
 * `wait-within`.
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
];
