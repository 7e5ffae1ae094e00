import { openAdapter } from '@automate/testing';
import type { HttpClient, HttpRequest } from '@automate/sdk';
import { describe, expect, it } from '@jest/globals';
import SlackAdapter from '../src/slack-adapter.ts';
import { SlackClient } from '../src/slack-client.ts';

describe('without a host', () => {
  it("calls Slack's public API, and asks for its credentials by name", async () => {
    const { context, close } = await openAdapter(SlackAdapter, {
      config: { auth: { type: 'bearer', token: 'xoxb-1' } },
    });
    const client = new SlackClient();
    await client.open(context, '');
    const seen: HttpRequest[] = [];
    const answer = '{"ok":true}';
    const http = {
      async request(request: HttpRequest) {
        seen.push(request);
        const body = Buffer.from(answer);
        return { status: 200, headers: {}, body, text: () => answer, json: () => ({ ok: true }) };
      },
    } as unknown as HttpClient;
    await client.call(http, 'auth.test');
    expect(seen).toMatchObject([{ method: 'POST', path: 'https://slack.com/api/auth.test', authorize: true }]);
    await close();
  });
});
