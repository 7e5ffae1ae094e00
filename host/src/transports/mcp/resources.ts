import type { ConnectorDescription, ConnectorInfo } from '@automate/contract';
import { connectorListView, healthReportsView } from '@automate/contract/http';
import type { ReadResourceResult, Resource, ResourceTemplateType } from '@modelcontextprotocol/server';
import type { OwnToolContext } from './own-tools.ts';
import { requireExposed } from './own-tools.ts';

const JSON_TYPE = 'application/json';
const MARKDOWN = 'text/markdown';
const DOCS = /^automate:\/\/connectors\/([^/]+)\/docs$/;

const FIXED: readonly Resource[] = [
  {
    uri: 'automate://connectors',
    name: 'connectors',
    description: 'The connectors that you may use.',
    mimeType: JSON_TYPE,
  },
  { uri: 'automate://health', name: 'health', description: 'How they were found last.', mimeType: JSON_TYPE },
];

export const RESOURCE_TEMPLATES: readonly ResourceTemplateType[] = [
  {
    uriTemplate: 'automate://connectors/{id}/docs',
    name: 'docs of a connector',
    description: 'What a connector can do, for reading.',
    mimeType: MARKDOWN,
  },
];

export async function listResources(context: OwnToolContext): Promise<Resource[]> {
  const infos = await context.service.list({}, context.options);
  return [
    ...FIXED,
    ...infos
      .filter((info) => context.isExposed(info.id))
      .map(({ id, name }) => ({
        uri: `automate://connectors/${id}/docs`,
        name: `docs of ${id}`,
        description: `What the connector ${name} can do.`,
        mimeType: MARKDOWN,
      })),
  ];
}

/** Undefined where there is no such resource. Rejects as the service does for a connector that the caller may not see. */
export async function readResource(uri: string, context: OwnToolContext): Promise<ReadResourceResult | undefined> {
  const { service, options, isExposed } = context;
  const json = (value: unknown): ReadResourceResult => ({
    contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(value) }],
  });
  if (uri === 'automate://connectors')
    return json(connectorListView((await service.list({}, options)).filter((info) => isExposed(info.id))));
  if (uri === 'automate://health') {
    const reports = Object.entries(await service.healthCheckAll({ cached: true }, options));
    return json(healthReportsView(Object.fromEntries(reports.filter(([id]) => isExposed(id)))));
  }
  const id = DOCS.exec(uri)?.[1];
  if (id === undefined) return undefined;
  requireExposed(id, context);
  const [{ connector }, description] = await Promise.all([service.get(id, options), service.describe(id, options)]);
  return { contents: [{ uri, mimeType: MARKDOWN, text: docsOf(connector, context.exposed(id, description)) }] };
}

function docsOf(info: ConnectorInfo, description: ConnectorDescription): string {
  const { id, name, kind, lastError, status } = info;
  const about = [info.description, description.description].filter((text) => text !== undefined && text !== '');
  const actions = description.actions.map(
    (action) =>
      `## ${action.name}\n\n${action.description}\n\n` +
      `${action.sideEffects ? 'Changes something.' : 'Changes nothing.'}${action.idempotent && action.sideEffects ? ' Doing it twice is the same as doing it once.' : ''}\n\n` +
      `Input:\n\n\`\`\`json\n${JSON.stringify(action.input, undefined, 2)}\n\`\`\`` +
      (action.output === undefined
        ? ''
        : `\n\nOutput:\n\n\`\`\`json\n${JSON.stringify(action.output, undefined, 2)}\n\`\`\``),
  );
  return [
    `# ${name === id ? id : `${name} (${id})`}`,
    `Kind ${kind} ${description.version}, ${status}${lastError === '' ? '' : `: ${lastError}`}.`,
    ...about,
    ...actions,
  ].join('\n\n');
}
