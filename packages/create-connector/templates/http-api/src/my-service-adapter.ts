import { action, ConnectorAdapter } from '@automate/sdk';
import { z } from 'zod';

const item = z.object({ id: z.string(), name: z.string() });
type Item = z.infer<typeof item>;

/**
 * Items of My Service, over its HTTP API. Where it is (`scheme`, `host`, `port`, `base_path`) and how to sign in (`auth`) stand in the
 * connector's configuration; `http` applies both, and makes the right error of every failure.
 */
export default class MyServiceAdapter extends ConnectorAdapter {
  readonly name = 'my_service';
  readonly version = '0.1.0';
  override readonly title = 'My Service';
  override readonly description = 'Reads and creates items in My Service.';
  /** The service makes one item of requests with the same key, so a caller's key is passed on to it. */
  override readonly capabilities = { idempotencyKey: true };

  override readonly configSchema = z.strictObject({
    page_size: z.int().min(1).max(100).default(20).describe('How many items a page has, unless the caller says'),
  });

  override readonly actions = {
    list_items: action({
      description: 'Lists items, a page at a time.',
      input: z.strictObject({
        limit: z.int().min(1).max(100).optional().describe('Items on the page; default: page_size of the settings'),
        cursor: z.string().min(1).optional().describe('next_cursor of the page before'),
      }),
      output: z.object({ items: z.array(item), next_cursor: z.string().optional() }),
      sideEffects: false,
      idempotent: true,
      run: ({ limit = this.#settings().page_size, cursor }, { http }) =>
        http.json<{ items: Item[]; next_cursor?: string }>({
          path: '/items',
          query: { limit, ...(cursor === undefined ? {} : { cursor }) },
        }),
    }),

    get_item: action({
      description: 'Reads one item.',
      input: z.strictObject({ id: z.string().min(1) }),
      output: item,
      sideEffects: false,
      idempotent: true,
      run: ({ id }, { http }) => http.json<Item>({ path: `/items/${encodeURIComponent(id)}` }),
    }),

    create_item: action({
      description: 'Creates an item.',
      input: z.strictObject({ name: z.string().min(1) }),
      output: item,
      sideEffects: true,
      idempotent: false,
      run: ({ name }, { http, idempotencyKey }) =>
        http.json<Item>({
          method: 'POST',
          path: '/items',
          json: { name },
          headers: idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey },
        }),
    }),
  };

  /** Reachable, and authorised? Asks for something small that needs the credentials. */
  async connect(): Promise<boolean> {
    await this.context.http.json({ path: '/items', query: { limit: 1 } });
    return true;
  }

  #settings(): z.infer<typeof this.configSchema> {
    return this.configSchema.parse(this.context.settings);
  }
}
