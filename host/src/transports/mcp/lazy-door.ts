import type { McpDoor, McpDoorOptions } from './mcp-door.ts';

/** The door for agents, whose library is loaded with the first of them: most hosts have none, and each would start later. */
export function createLazyMcpDoor(options: McpDoorOptions): McpDoor {
  let { exposure } = options;
  let opened: Promise<McpDoor> | undefined;
  let closed = false;
  const open = async (): Promise<McpDoor> => {
    const { openMcpDoor } = await import('./mcp-door.ts');
    const door = openMcpDoor({ ...options, exposure });
    if (closed) await door.close();
    return door;
  };
  return {
    answer: async (exchange) => (await (opened ??= open())).answer(exchange),
    setExposure(now) {
      exposure = now;
      void opened?.then((door) => door.setExposure(now));
    },
    async close() {
      closed = true;
      await (await opened)?.close();
    },
  };
}
