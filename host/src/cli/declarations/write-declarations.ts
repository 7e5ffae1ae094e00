import type { ActionDescription, ConnectorDescription } from '@automate/contract';
import { comment, schemaType } from '@automate/contract/schema-type';
import type { DescribedConnector } from './described.ts';

/**
 * Declarations that give `connect()` of `@automate/client` the actions of these connectors with their types. Connectors whose actions
 * are the same share one interface.
 */
export function writeDeclarations(connectors: readonly DescribedConnector[]): string {
  const names = new Map<string, string>();
  const interfaces: string[] = [];
  const members = connectors.flatMap(({ id, description }) => {
    const body = actionsType(description);
    const name = names.get(body) ?? unusedName(description.kind, new Set(names.values()));
    if (!names.has(body)) {
      names.set(body, name);
      interfaces.push(`  type ${name} = ${body};`);
    }
    const about = description.title ?? description.kind;
    return [...comment(`${about}, kind ${description.kind}`, '    '), `    readonly ${JSON.stringify(id)}: ${name};`];
  });
  return `// Written by "automate types": write it anew when connectors or their packages change.
import '@automate/client';

declare module '@automate/client' {
  interface ConnectorActions {
${members.join('\n')}
  }
${interfaces.map((each) => `\n${each}\n`).join('')}}
`;
}

function actionsType({ actions, open }: ConnectorDescription): string {
  if (open) return '{ readonly [action: string]: { input: { readonly [key: string]: unknown }; output: unknown } }';
  const lines = actions.flatMap((action) => [
    ...comment(action.description, '    '),
    `    readonly ${JSON.stringify(action.name)}: ${actionType(action)};`,
  ]);
  return lines.length === 0 ? '{}' : `{\n${lines.join('\n')}\n  }`;
}

function actionType({ input, output }: ActionDescription): string {
  const answer = output === undefined ? 'unknown' : schemaType(output, { indent: '      ' });
  return `{\n      readonly input: ${schemaType(input, { indent: '      ' })};\n      readonly output: ${answer};\n    }`;
}

function unusedName(kind: string, taken: ReadonlySet<string>): string {
  const base = `${kind
    .split('_')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')}Actions`;
  if (!taken.has(base)) return base;
  for (let number = 2; ; number += 1) if (!taken.has(`${base}${number}`)) return `${base}${number}`;
}
