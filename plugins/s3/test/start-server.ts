import { startFauxqs } from 'fauxqs';

export interface S3Server {
  readonly url: string;
  /** Ends it, with every connection. What it kept is gone. */
  stop(): Promise<void>;
  /** Starts an empty one at the same port. */
  restart(): Promise<void>;
}

/** An S3 server within this process. It checks requests as S3 does, but takes any access key. */
export async function startServer(): Promise<S3Server> {
  let server = await startFauxqs({ port: 0, host: '127.0.0.1', logger: false });
  const { port } = server;
  return {
    url: `http://127.0.0.1:${port}`,
    stop: () => server.stop(),
    async restart() {
      server = await startFauxqs({ port, host: '127.0.0.1', logger: false });
    },
  };
}
