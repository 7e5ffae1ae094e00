import { didYouMean } from '@automate/contract';
import type { LeftOut, OpenApiDocument, Operation, OperationHead } from '@automate/openapi';
import { listOperations, listWithin, showOperation } from '@automate/openapi';

/** So many are taken without being picked. */
const FEW = 50;
const SHOWN = 12;

/** An operation as it is picked: by the name of its action, by its id, or as `GET /pets`. */
export interface Choice {
  readonly name: string;
  /** `GET /pets/{petId} (getPetById)`, and what it does in a line. */
  readonly words: string;
}

export type Chosen =
  | {
      readonly operations: readonly Operation[];
      /** What a pattern fits and cannot be an action. */
      readonly leftOut: readonly LeftOut[];
      /** Whether it was named as it stands, so that it must not be left out. */
      readonly isNamed: (left: LeftOut) => boolean;
    }
  | { readonly problem: string };

/** The operations of a document that can be actions, in its order. */
export function choicesOf(document: OpenApiDocument): readonly Choice[] {
  // Their schemas are of no interest yet.
  return listOperations(document, { maxSchemaLength: 0 }).operations.map((operation) => {
    const [line = ''] = operation.description.split('\n', 1);
    const place = showOperation(operation);
    return { name: operation.name, words: line === place ? place : `${place}: ${line.slice(0, 80)}` };
  });
}

/** All, where they are few enough that nobody has to choose. */
export function suggestedOperations(choices: readonly Choice[]): string | undefined {
  return choices.length > 0 && choices.length <= FEW ? '*' : undefined;
}

/**
 * The operations that patterns pick, in the document's order: names, ids or `GET /pets`, separated by commas, `*` for anything. What is
 * named as it stands and cannot be an action is a problem; what only fits a pattern is left out, with the reason.
 */
export function chooseOperations(document: OpenApiDocument, patterns: string): Chosen {
  const wanted = patterns
    .split(',')
    .map((pattern) => pattern.trim())
    .filter((pattern) => pattern !== '')
    .map(matcherOf);
  const isWanted = (names: readonly string[]): boolean => wanted.some(({ matches }) => matches(names));
  const all = listOperations(document, { maxSchemaLength: 0 });
  const places = new Set(all.operations.filter((operation) => isWanted(namesOf(operation))).map(placeOf));
  const { operations, leftOut } = listWithin(document, (head) => places.has(placeOf(head)));
  const lost = [...all.leftOut.filter(({ operation }) => isWanted(namesOfLeftOut(operation))), ...leftOut];
  const faults = wanted.flatMap(({ pattern, isOpen, matches }) => {
    if (operations.some((operation) => matches(namesOf(operation)))) return [];
    const unfit = lost.find(({ operation }) => matches(namesOfLeftOut(operation)));
    if (unfit !== undefined && !isOpen) return [`"${pattern}" cannot be an action: ${unfit.reason}`];
    return [
      `the document has no operation "${pattern}" that can be an action${didYouMean(pattern, known(all.operations))}`,
    ];
  });
  if (faults.length > 0) return { problem: `${faults.join('; ')}. ${showSome(all.operations)}` };
  if (operations.length === 0) return { problem: `none is picked. ${showSome(all.operations)}` };
  const named = operations.filter((operation) =>
    wanted.some(({ isOpen, matches }) => !isOpen && matches(namesOf(operation))),
  );
  const shown = new Set(named.map(showOperation));
  return { operations, leftOut: lost, isNamed: ({ operation }) => shown.has(operation) };
}

interface Matcher {
  readonly pattern: string;
  /** It may fit several. */
  readonly isOpen: boolean;
  readonly matches: (names: readonly string[]) => boolean;
}

function matcherOf(pattern: string): Matcher {
  const text = pattern
    .split('*')
    .map((part) => RegExp.escape(part))
    .join('.*');
  const expression = new RegExp(`^${text}$`, 'su');
  return { pattern, isOpen: pattern.includes('*'), matches: (names) => names.some((name) => expression.test(name)) };
}

function placeOf({ method, path }: OperationHead): string {
  return `${method} ${path}`;
}

function namesOf(operation: Operation): readonly string[] {
  const { name, operationId } = operation;
  return [name, placeOf(operation), ...(operationId === undefined ? [] : [operationId])];
}

/** `POST /pets (createPet)`. */
function namesOfLeftOut(shown: string): readonly string[] {
  const [, place = shown, id] = /^(.*?)(?: \(([^()]*)\))?$/s.exec(shown) ?? [];
  return id === undefined ? [place] : [place, id];
}

function known(operations: readonly Operation[]): readonly string[] {
  return operations.map(({ name }) => name);
}

function showSome(operations: readonly Operation[]): string {
  if (operations.length === 0) return 'The document has no operation that can be an action';
  const names = known(operations.slice(0, SHOWN));
  const more = operations.length - names.length;
  return `It has ${names.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}
