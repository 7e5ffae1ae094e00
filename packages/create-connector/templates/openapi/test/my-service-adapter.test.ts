import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { JsonObject, JsonValue } from '@automate/sdk';
import type { RecordedRequest, TestConfig } from '@automate/testing';
import { conformance, FakeService, openAdapter } from '@automate/testing';
import packageJson from '../package.json' with { type: 'json' };
import MyServiceAdapter from '../src/my-service-adapter.ts';

/** One call: what goes in, what must be sent, what the service then answers, and what must come out. */
interface Fixture {
  readonly action: string;
  readonly input: JsonObject;
  readonly request: {
    readonly method: string;
    readonly target: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly json?: JsonValue;
    readonly text?: string;
    readonly base64?: string;
    /** Names of the parts of a form of several. */
    readonly parts?: readonly string[];
  };
  readonly answer: { readonly status: number; readonly json?: JsonValue };
  readonly result: JsonValue;
}

const read = <Content>(path: string): Content =>
  JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8')) as Content;

/** What every call is made with: credentials that let nobody in anywhere. */
const { config, settings } = read<{ readonly config: TestConfig; readonly settings: JsonObject }>('connector.json');
const fixtures = readdirSync(new URL('fixtures', import.meta.url))
  .filter((name) => name.endsWith('.json'))
  .map((name) => read<Fixture>(`fixtures/${name}`));

// What every connector must do. Nothing is sent to this host.
conformance(
  MyServiceAdapter,
  {
    config: { ...config, host: 'api.example.com' },
    settings,
    packageJson,
    payloads: Object.fromEntries(fixtures.map(({ action, input }) => [action, input])),
    answers: Object.fromEntries(fixtures.map(({ action, answer }) => [action, answer.json ?? null])),
  },
  { describe, it },
);

void describe('each action, as the document has it', () => {
  void it('has a fixture', () => {
    const actions = fixtures.map(({ action }) => action);
    assert.deepEqual(actions.toSorted(), Object.keys(new MyServiceAdapter().actions).toSorted());
  });

  for (const { action, input, request: wanted, answer, result } of fixtures) {
    void it(`${action} sends what is wanted, and gives what is answered`, async () => {
      await using service = await FakeService.start();
      service.on(wanted.method, wanted.target.replace(/\?.*$/, ''), answer);
      const opened = await openAdapter(MyServiceAdapter, { config: { ...config, ...service.endpoint }, settings });
      try {
        assert.deepEqual(await opened.adapter.execute(action, input, opened.call(action)), result);
      } finally {
        await opened.close();
      }
      const [sent] = service.requests;
      assert(sent !== undefined);
      assert.deepEqual([sent.method, sent.target], [wanted.method, wanted.target]);
      for (const [name, value] of Object.entries(wanted.headers))
        assert.equal(sent.headers[name.toLowerCase()], value, `the header ${name}`);
      assertBody(sent, wanted);
    });
  }
});

function assertBody(sent: RecordedRequest, { json, text, base64, parts }: Fixture['request']): void {
  if (json !== undefined) assert.deepEqual(sent.json(), json);
  else if (text !== undefined) assert.equal(sent.text(), text);
  else if (base64 !== undefined) assert.equal(Buffer.from(sent.body).toString('base64'), base64);
  else for (const part of parts ?? []) assert(sent.text().includes(`name="${part}"`), `the part ${part}`);
}
