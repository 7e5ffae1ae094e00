/** How to reach a connectors service. */
export interface ConnectOptions {
  /**
   * Address of a service: `host:port`, `[::1]:port`, or any target of gRPC (`dns:///name:port`, `unix:/path`). Without a
   * port 50051. Default: `CONNECTORS_SERVICE_ADDR` of the environment; without that the host that serves this project's
   * data directory, and without one the host runs in this process.
   */
  readonly address?: string;
  /**
   * Runs the host in this process though another one may serve the project. It sees what was registered when it began, and
   * refuses to change connectors while the other runs. Default false.
   */
  readonly local?: boolean;
  /** Milliseconds that the first contact with a remote service may take. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** In process: the project's directory, whose `node_modules` are searched. Default: the working directory. */
  readonly cwd?: string;
  /** In process: the configuration file. Default: found from `cwd`, as the host does. */
  readonly configPath?: string;
  /** Where `CONNECTORS_SERVICE_ADDR` and the host's settings are looked up. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}
