import type { FakeReply, FakeScript, RecordedRequest } from '@automate/testing';
import { FakeService } from '@automate/testing';

export const TOKEN = 'xoxb-right';

/** Answers of the methods in the form of Slack's published examples. */
const ANSWERS: Readonly<Record<string, NonNullable<FakeReply['json']>>> = {
  'auth.test': {
    ok: true,
    url: 'https://subarachnoid.slack.com/',
    team: 'Subarachnoid Workspace',
    user: 'grace',
    team_id: 'T12345678',
    user_id: 'W12345678',
  },
  'chat.postMessage': {
    ok: true,
    channel: 'C1H9RESGL',
    ts: '1503435956.000247',
    message: {
      text: "Here's a message for you",
      username: 'ecto1',
      bot_id: 'B19LU7CSY',
      attachments: [{ text: 'This is an attachment', id: 1, fallback: "This is an attachment's fallback" }],
      type: 'message',
      subtype: 'bot_message',
      ts: '1503435956.000247',
    },
  },
  'chat.update': {
    ok: true,
    channel: 'C024BE91L',
    ts: '1401383885.000061',
    text: 'Updated text you carefully authored',
    message: { text: 'Updated text you carefully authored', user: 'U34567890' },
  },
  'chat.delete': { ok: true, channel: 'C024BE91L', ts: '1401383885.000061' },
  'reactions.add': { ok: true },
};

/** A scripted Slack: takes the form-encoded calls of the official library, checks the token, answers as documented. */
export async function startWorkspace(): Promise<FakeService> {
  const service = await FakeService.start();
  service.on('POST', /^\/api\//, (request) => {
    const refused = refusal(request);
    const answer = ANSWERS[methodOf(request)];
    return { json: refused ?? answer ?? { ok: false, error: 'unknown_method', req_method: methodOf(request) } };
  });
  return service;
}

/** Scripts one method; its token is not checked then. */
export function onMethod(service: FakeService, method: string, script: FakeScript): void {
  service.on('POST', `/api/${method}`, script);
}

export function formOf(request: RecordedRequest | undefined): Record<string, string> {
  return Object.fromEntries(new URLSearchParams(request?.text() ?? ''));
}

function methodOf({ path }: RecordedRequest): string {
  return path.replace('/api/', '');
}

function refusal({ headers }: RecordedRequest): NonNullable<FakeReply['json']> | undefined {
  if (headers['authorization'] === `Bearer ${TOKEN}`) return undefined;
  return { ok: false, error: headers['authorization'] === undefined ? 'not_authed' : 'invalid_auth' };
}
