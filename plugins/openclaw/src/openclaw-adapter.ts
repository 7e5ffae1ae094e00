import { ConnectorAdapter } from '@automate/sdk';
import type { AdapterHealth, CallContext, ConnectorContext } from '@automate/sdk';
import { call } from './actions/call.ts';
import { invokeTool } from './actions/invoke-tool.ts';
import { listAgents } from './actions/list-agents.ts';
import { listSessions } from './actions/list-sessions.ts';
import { runAgent } from './actions/run-agent.ts';
import { sendMessage } from './actions/send-message.ts';
import { configSchema } from './config.ts';
import { GatewayClient } from './gateway-client.ts';

/** A gateway of OpenClaw: its WebSocket protocol, version 4, and its HTTP beside it. */
export default class OpenClawAdapter extends ConnectorAdapter {
  readonly name = 'openclaw';
  readonly version = '1.0.0';
  override readonly title = 'OpenClaw';
  override readonly description = 'Runs agents, sends messages and calls tools of an OpenClaw gateway.';
  override readonly configSchema = configSchema;
  override readonly capabilities = { idempotencyKey: true };
  readonly #gateway = new GatewayClient();
  override readonly actions = {
    list_agents: listAgents(this.#gateway),
    run_agent: runAgent(this.#gateway),
    send_message: sendMessage(this.#gateway),
    list_sessions: listSessions(this.#gateway),
    invoke_tool: invokeTool(this.#gateway),
    call: call(this.#gateway),
  };

  override initialize(context: ConnectorContext): void {
    this.#gateway.open(context, { endpoint: this.getEndpoint(), version: this.version });
  }

  override async connect(): Promise<boolean> {
    const { config, http, signal } = this.context;
    await this.#gateway.check(http, { deadline: Date.now() + config.limits.startTimeoutMs, signal });
    return true;
  }

  /** A configured `health_check.path` must answer 2xx; besides, the gateway says whether it is ready and lets us in. */
  override async healthCheck(context: CallContext): Promise<AdapterHealth> {
    await this.probe(context);
    const version = await this.#gateway.check(context.http, context);
    return { status: 'healthy', message: `the gateway ${version} at ${this.#gateway.endpoint} is ready` };
  }

  override close(): void {
    this.#gateway.close();
  }
}
