import type { ActionDescription } from '@automate/contract';
import type { DescribedConnector } from './described.ts';
import { effectOf, fieldsOf } from '../describe-schema.ts';

/** What these connectors can do, as Markdown. */
export function writeMarkdown(connectors: readonly DescribedConnector[]): string {
  return [
    '# Connectors',
    ...connectors.flatMap(({ id, description }) => {
      const { kind, title, version, package: from, actions, open } = description;
      const source = from === undefined ? `version ${version}` : `\`${from.name}\` ${from.version}`;
      return [
        `## \`${id}\`: ${plain(title ?? kind)}`,
        `Kind \`${kind}\`, ${source}.${description.description === undefined ? '' : ` ${plain(description.description)}`}`,
        ...(open ? ['It takes any action, and describes none.'] : actions.flatMap((action) => tellAction(id, action))),
      ];
    }),
  ]
    .join('\n\n')
    .concat('\n');
}

function tellAction(id: string, action: ActionDescription): readonly string[] {
  const { name, description, input, output } = action;
  return [
    `### \`${id}\` \`${name}\``,
    `${plain(description)} (${effectOf(action)})`,
    ...tellFields('Takes', input),
    ...(output === undefined ? [] : tellFields('Answers', output)),
  ];
}

function tellFields(title: string, schema: ActionDescription['input']): readonly string[] {
  const rows = fieldsOf(schema).map(
    ({ name, type, required, description }) =>
      `| \`${name}\` | ${plain(type)} | ${required ? 'required' : ''} | ${plain(description)} |`,
  );
  return rows.length === 0
    ? []
    : [[`| ${title} | type | | meaning |`, '| --- | --- | --- | --- |', ...rows].join('\n')];
}

/** A text that stays within its line and cell, and is no HTML. */
function plain(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('|', '\\|').replaceAll('<', '&lt;').trim();
}
