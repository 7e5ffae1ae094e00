import type { ConnectorService, ExecuteRequest, JsonObject, JsonValue, OutcomeKey } from '@automate/contract';
import { readDescription, readExecution, readHealth, readInfo, readOutcome } from '../fixtures/rest-answers.ts';
import { META } from '../../src/transports/mcp/meta-keys.ts';
import type { Agent } from '../transports/mcp/fixtures/open-agent.ts';
import { openAgent } from '../transports/mcp/fixtures/open-agent.ts';

/** The part of the port that agents have, over the official client of MCP: what it gives is what a tool answers. */
export async function openMcpDoor(
  address: string,
  token: string,
): Promise<{ readonly service: ConnectorService } & AsyncDisposable> {
  const agent: Agent = await openAgent(address, { token, listens: false });
  const ask = async (name: string, input: JsonObject = {}, meta: JsonObject = {}) => {
    const answer = await agent.client.callTool({ name, arguments: input, _meta: meta });
    if (answer.isError === true) throw new Error(`${name}: ${JSON.stringify(answer.content)}`);
    return { value: answer.structuredContent as JsonObject, meta: answer._meta ?? {} };
  };
  const service: Partial<ConnectorService> = {
    async list({ tag } = {}) {
      const { connectors } = (await ask('connectors_list')).value;
      // The tool has no filter.
      return (connectors as JsonObject[]).map(readInfo).filter(({ tags }) => tag === undefined || tags.includes(tag));
    },
    describe: async (connector) => readDescription((await ask('connectors_describe', { connector })).value),
    async healthCheck(connector) {
      const { results } = (await ask('connectors_health', { connector })).value;
      return readHealth((results as Record<string, JsonObject>)[connector] ?? {}, connector);
    },
    async healthCheckAll() {
      const { results } = (await ask('connectors_health')).value;
      const reports = Object.entries(results as Record<string, JsonObject>);
      return Object.fromEntries(reports.map(([id, view]) => [id, readHealth(view, id)]));
    },
    async execute({ id, action, payload = {}, idempotencyKey }: ExecuteRequest) {
      const key: JsonObject = idempotencyKey === undefined ? {} : { [META.idempotencyKey]: idempotencyKey };
      const { value, meta } = await ask(`${id}__${action}`, payload, key);
      return {
        result: value as JsonValue,
        attempts: Number(meta[META.attempts]),
        durationMs: Number(meta[META.durationMs]),
        replayed: meta[META.replayed] === true,
      };
    },
    getOutcome: async (connector, key: OutcomeKey) =>
      readOutcome((await ask('outcomes_get', { connector, key: String(key) })).value),
    getExecution: async (execution) => readExecution((await ask('executions_get', { execution })).value),
  };
  return { service: service as ConnectorService, [Symbol.asyncDispose]: () => agent[Symbol.asyncDispose]() };
}
