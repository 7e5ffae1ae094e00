import { CONNECTOR_TYPES, KIND_PATTERN } from '@automate/contract';
import validateName from 'validate-npm-package-name';

export const TEMPLATES = {
  'http-api': 'actions over an HTTP API, with settings, credentials and tests against a fake service',
  database: 'statements in a PostgreSQL database, with a pool, parameters and tests against a real one',
  openapi: 'operations of a service that an OpenAPI document describes, each an action with its types and a test',
  minimal: 'the shortest connector there can be: connect and execute',
} as const satisfies Readonly<Record<string, string>>;

export const PACKAGE_MANAGERS = ['npm', 'pnpm', 'yarn'] as const;

/** Everything that a package is made from. */
export interface Answers {
  /** Of the npm package. */
  readonly name: string;
  /** Key of the manifest, by which configurations name it. */
  readonly kind: string;
  /** One of the contract's connector types. */
  readonly type: string;
  /** A key of `TEMPLATES`. */
  readonly template: string;
  readonly packageManager: string;
  /** Place of the OpenAPI document of the template `openapi`: a file, or a URL. */
  readonly document?: string;
}

/** What is known before the questions are asked. */
export interface Known extends Partial<Answers> {
  /** Name of the folder to write, where it was given. */
  readonly folderName?: string;
  /** The package manager that runs this program, where one does. */
  readonly runBy?: string;
}

export interface Question {
  readonly key: keyof Answers;
  readonly flag: string;
  /** As it stands in the help, and as it is asked. */
  readonly words: string;
  /** Values to choose from, with what is said of each. Absent: a text. */
  readonly choices?: Readonly<Record<string, string>>;
  /** Of the template to which it belongs. Absent: it is asked for all. */
  readonly template?: string;
  /** What is offered; undefined where nothing fits. */
  readonly suggest: (known: Known) => string | undefined;
  /** What would have been right, for each thing that is wrong with the value. */
  readonly faults: (value: string) => readonly string[];
}

const oneOf = (choices: Readonly<Record<string, string>>): Pick<Question, 'choices' | 'faults'> => ({
  choices,
  faults: (value) => (Object.hasOwn(choices, value) ? [] : [`one of ${Object.keys(choices).join(', ')}`]),
});

const unexplained = (values: readonly string[]): Readonly<Record<string, string>> =>
  Object.fromEntries(values.map((value) => [value, '']));

/** In the order in which they are asked: later ones are suggested from earlier answers. */
export const QUESTIONS: readonly Question[] = [
  {
    key: 'name',
    flag: '--name',
    words: 'name of the npm package',
    suggest: ({ folderName, kind }) =>
      folderName ?? (kind === undefined ? undefined : `connector-${kind.replaceAll('_', '-')}`),
    faults: nameFaults,
  },
  {
    key: 'kind',
    flag: '--kind',
    words: 'kind, by which configurations name it',
    suggest: ({ name }) => (name === undefined ? undefined : kindFrom(name)),
    faults: (value) =>
      KIND_PATTERN.test(value) ? [] : ['a name of small letters, digits and "_" that begins with a letter'],
  },
  {
    key: 'template',
    flag: '--template',
    words: 'template to begin with',
    suggest: () => 'http-api',
    ...oneOf(TEMPLATES),
  },
  {
    key: 'document',
    flag: '--document',
    words: 'OpenAPI document, a file or a URL',
    template: 'openapi',
    suggest: () => undefined,
    faults: (value) => (value.trim() === '' ? ['a file or a URL'] : []),
  },
  {
    key: 'type',
    flag: '--type',
    words: 'type of the system that it connects to',
    suggest: ({ template }) => (template === 'database' ? 'database' : 'custom'),
    ...oneOf(unexplained(CONNECTOR_TYPES)),
  },
  {
    key: 'packageManager',
    flag: '--package-manager',
    words: 'package manager',
    suggest: ({ runBy }) => PACKAGE_MANAGERS.find((known) => known === runBy) ?? 'npm',
    ...oneOf(unexplained(PACKAGE_MANAGERS)),
  },
];

/** What npm refuses to publish under a new name. */
function nameFaults(value: string): readonly string[] {
  const { errors = [], warnings = [] } = validateName(value);
  return [...errors, ...warnings].map((refusal) => `a name that npm takes (${refusal})`);
}

/** `@acme/connector-my-service` is for the kind `my_service`. */
function kindFrom(name: string): string | undefined {
  const words = name
    .replace(/^.*\//, '')
    .replace(/^(automate-)?connector-/, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '');
  return words === '' ? undefined : words;
}
