import type { CallOptions, ConnectorDescription, ConnectorService, JsonValue } from '@automate/contract';
import { InvalidInputError, NotFoundError, quote } from '@automate/contract';
import {
  connectorDescriptionView,
  connectorListView,
  executionView,
  healthReportsView,
  outcomeView,
} from '@automate/contract/http';
import type { Tool } from '@modelcontextprotocol/server';
import { z } from 'zod';

/** What the tools of the host's own may use. */
export interface OwnToolContext {
  readonly service: ConnectorService;
  readonly options: CallOptions;
  /** Whether agents may see that there is this connector. */
  isExposed(connector: string): boolean;
  /** What they see of what a connector can do. */
  exposed(connector: string, description: ConnectorDescription): ConnectorDescription;
}

/** A tool that says what there is; none of them changes anything. */
export interface OwnTool {
  readonly tool: Tool;
  /** `sight`: of any connector. `calls`: to call anything at all. */
  readonly needs: 'sight' | 'calls';
  run(given: unknown, context: OwnToolContext): Promise<JsonValue>;
}

const id = z.string().describe('Id of a connector, as connectors_list gives it.');

/** By their names, which no connector's tool can have: those hold "__" or end in a hash. */
export const OWN_TOOLS: ReadonlyMap<string, OwnTool> = new Map(
  [
    ownTool({
      name: 'connectors_list',
      description:
        'Lists the connectors that you may use: what kind each is, how it is, and why it is not well where it is not.',
      input: z.strictObject({}),
      run: async (_input, { service, options, isExposed }) =>
        connectorListView((await service.list({}, options)).filter((info) => isExposed(info.id))),
    }),
    ownTool({
      name: 'connectors_describe',
      description:
        'Tells what a connector can do: its actions with their schemas, whether they change anything, and its settings.',
      input: z.strictObject({ connector: id }),
      run: async ({ connector }, context) => {
        requireExposed(connector, context);
        const described = await context.service.describe(connector, context.options);
        return connectorDescriptionView(context.exposed(connector, described));
      },
    }),
    ownTool({
      name: 'connectors_health',
      description:
        'Tells how connectors are: whether each is well, since when not, who must act. One that is named is probed now; all of them as they were found last.',
      input: z.strictObject({ connector: id.optional() }),
      run: async ({ connector }, context) => {
        const { service, options, isExposed } = context;
        if (connector !== undefined) {
          requireExposed(connector, context);
          return healthReportsView({ [connector]: await service.healthCheck(connector, options) });
        }
        const reports = Object.entries(await service.healthCheckAll({ cached: true }, options));
        return healthReportsView(Object.fromEntries(reports.filter(([each]) => isExposed(each))));
      },
    }),
    ownTool({
      name: 'outcomes_get',
      description:
        'Tells what is known of an earlier call that was made with an idempotency key: whether it runs, succeeded, failed, or nobody knows.',
      needs: 'calls',
      input: z.strictObject({ connector: id, key: z.string().describe('The idempotency key of the call.') }),
      run: async ({ connector, key }, context) => {
        requireExposed(connector, context);
        return outcomeView(await context.service.getOutcome(connector, key, context.options));
      },
    }),
    ownTool({
      name: 'executions_get',
      description:
        'Tells how an execution stands, a call that goes on without its caller: whether it waits, runs, how far it is, and what came of it. A tool whose call takes long answers with the execution_id to ask for.',
      needs: 'calls',
      input: z.strictObject({ execution: z.string().describe('The execution_id.') }),
      run: async ({ execution }, context) => {
        const found = await context.service.getExecution(execution, context.options);
        requireExposed(found.connector, context);
        return executionView(found);
      },
    }),
  ].map((each) => [each.tool.name, each]),
);

function ownTool<Input>({
  name,
  description,
  needs = 'sight',
  input,
  run,
}: {
  readonly name: string;
  readonly description: string;
  readonly needs?: OwnTool['needs'];
  readonly input: z.ZodType<Input>;
  run(input: Input, context: OwnToolContext): Promise<unknown>;
}): OwnTool {
  return {
    needs,
    tool: {
      name,
      description,
      inputSchema: z.toJSONSchema(input) as Tool['inputSchema'],
      annotations: { readOnlyHint: true, idempotentHint: true, openWorldHint: false },
    },
    async run(given, context) {
      const parsed = input.safeParse(given ?? {});
      if (!parsed.success) throw refused(name, parsed.error);
      return (await run(parsed.data, context)) as JsonValue;
    },
  };
}

/** What agents do not see is not there, in the words of the service. */
export function requireExposed(connector: string, { isExposed }: Pick<OwnToolContext, 'isExposed'>): void {
  if (!isExposed(connector))
    throw new NotFoundError(`there is no connector ${quote(connector.slice(0, 80))} that agents may see`, {
      details: { reason: 'not_exposed' },
    });
}

function refused(name: string, { issues }: z.ZodError): InvalidInputError {
  const problems = issues.map(({ path, message }) => ({
    path: path.join('.'),
    expected: message,
    received: 'something else',
  }));
  return new InvalidInputError(`the tool ${name} does not take these arguments`, { problems });
}
