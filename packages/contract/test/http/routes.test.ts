import { describe, expect, it } from '@jest/globals';
import type { HttpRoute } from '../../src/http/routes.ts';
import { HTTP_ROUTES } from '../../src/http/routes.ts';
import { connectorDescriptionView, executeResultText, healthReportsView } from '../../src/http/views.ts';
import { connectorDescriptionSchema, healthReportsSchema } from '../../src/http/answers.ts';

const routes = Object.entries(HTTP_ROUTES) as [string, HttpRoute][];

describe('the table of routes', () => {
  it('is the published API', () => {
    expect(routes.map(([, { method, path }]) => `${method} ${path}`)).toEqual([
      'GET /connectors',
      'POST /connectors',
      'GET /connectors/health',
      'GET /events',
      'GET /connectors/{id}',
      'PUT /connectors/{id}',
      'DELETE /connectors/{id}',
      'GET /connectors/{id}/health',
      'POST /connectors/{id}/test',
      'GET /connectors/{id}/actions',
      'POST /connectors/{id}/actions/{action}',
      'GET /connectors/{id}/outcomes/{key}',
      'DELETE /connectors/{id}/outcomes/{key}',
      'GET /plugins',
      'POST /plugins/rescan',
      'GET /kinds/{kind}',
      'GET /secrets',
      'PUT /secrets/{namespace}/{name}',
      'DELETE /secrets/{namespace}/{name}',
      'GET /profiles',
      'PUT /profiles/{name}',
      'DELETE /profiles/{name}',
      'GET /stats',
      'GET /blame',
      'GET /audit',
      'GET /audit/verify',
      'GET /tokens',
      'POST /tokens',
      'DELETE /tokens/{id}',
      'POST /connectors/{id}/pause',
      'POST /connectors/{id}/resume',
      'POST /connectors/{id}/restart',
      'POST /connectors/{id}/enable',
      'POST /connectors/{id}/disable',
      'GET /status',
      'GET /hosts',
      'POST /hosts/{id}/drain',
      'POST /hosts/{id}/undrain',
      'GET /connectors/{id}/health/history',
      'GET /logs',
      'GET /connectors/{id}/logs',
      'PUT /connectors/{id}/log-level',
      'GET /connectors/{id}/calls',
      'POST /plan',
      'POST /apply',
      'GET /export',
      'GET /executions',
      'GET /executions/{id}',
      'GET /executions/{id}/events',
      'POST /executions/{id}/cancel',
      'POST /executions/{id}/rerun',
      'GET /schedules',
      'PUT /schedules/{name}',
      'POST /schedules/{name}/pause',
      'POST /schedules/{name}/resume',
      'DELETE /schedules/{name}',
    ]);
  });

  it.each(routes)('%s describes exactly the parameters of its path', (_operation, { path, params }) => {
    const named = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1]);
    expect(Object.keys(params?.shape ?? {})).toEqual(named);
  });
});

describe('the views', () => {
  it('leave alone what users named', () => {
    const view = connectorDescriptionView({
      kind: 'k',
      name: 'k',
      version: '1.0.0',
      capabilities: {
        webhooks: false,
        polling: false,
        batch: false,
        idempotencyKey: true,
        oauth: false,
        rateLimitHeaders: false,
      },
      configSchema: { properties: { apiKey: { writeOnly: true } } },
      open: false,
      actions: [
        {
          name: 'doIt',
          description: '',
          input: { properties: { camelCase: {} } },
          sideEffects: true,
          idempotent: false,
          timeoutMs: 5,
        },
      ],
    });
    expect(connectorDescriptionSchema.strict().parse(view)).toEqual(view);
    expect(view.config_schema).toEqual({ properties: { apiKey: { writeOnly: true } } });
    expect(view.actions[0]).toEqual({
      name: 'doIt',
      description: '',
      input: { properties: { camelCase: {} } },
      side_effects: true,
      idempotent: false,
      timeout_ms: 5,
    });
  });

  it('pass a result on as the text that it is', () => {
    const text = executeResultText({
      result: '{ "big": 12345678901234567890 }',
      attempts: 2,
      durationMs: 1.5,
      replayed: false,
    });
    expect(text).toBe('{"result":{ "big": 12345678901234567890 },"attempts":2,"duration_ms":1.5,"replayed":false}');
  });

  it('show reports by id, without what was never measured', () => {
    const report = {
      id: 'a',
      status: 'unknown',
      healthy: false,
      message: 'never checked',
      responseTimeMs: 0,
      consecutiveFailures: 0,
    } as const;
    const view = healthReportsView({ a: report });
    expect(healthReportsSchema.strict().parse(view)).toEqual(view);
    expect(view.results['a']).toEqual({
      id: 'a',
      status: 'unknown',
      healthy: false,
      message: 'never checked',
      response_time_ms: 0,
      consecutive_failures: 0,
    });
  });
});
