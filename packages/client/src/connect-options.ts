/** Paths of PEM files, relative to the working directory. They are read when the service is connected to. */
export interface ClientTlsOptions {
  /** Authorities that the service's certificate may come from. Default: `CONNECTORS_SERVICE_CA_FILE`, else those of Node. */
  readonly caFile?: string;
  /** Certificate that the service knows the caller by. Default: `CONNECTORS_SERVICE_CERT_FILE`. */
  readonly certFile?: string;
  /** Its key. Default: `CONNECTORS_SERVICE_KEY_FILE`. */
  readonly keyFile?: string;
  /** Name that the service's certificate must have. Default: `CONNECTORS_SERVICE_SERVER_NAME`, else the name in the address. */
  readonly serverName?: string;
}

/** How to reach a connectors service. */
export interface ConnectOptions {
  /**
   * Address of a service: `host:port`, `[::1]:port`, or any target of gRPC (`dns:///name:port`, `unix:/path`); with TLS
   * `grpcs://host:port`. Without a port 50051. Default: `CONNECTORS_SERVICE_ADDR` of the environment; without that the host that serves this project's
   * data directory, and without one the host runs in this process.
   */
  readonly address?: string;
  /**
   * Runs the host in this process though another one may serve the project. It sees what was registered when it began, and
   * refuses to change connectors while the other runs. Default false.
   */
  readonly local?: boolean;
  /**
   * Token that the service knows the caller by. Default: `CONNECTORS_SERVICE_TOKEN` of the environment. It is not sent in clear to
   * another machine, and not at all to a socket with a path, where nobody is asked.
   */
  readonly token?: string;
  /** Files of TLS, for `grpcs://`. Each has a variable of the environment as its default. */
  readonly tls?: ClientTlsOptions;
  /**
   * Lets a token travel in clear to another machine, where something else protects the way. Default: whether
   * `CONNECTORS_SERVICE_ALLOW_PLAINTEXT` of the environment is `true`.
   */
  readonly allowPlaintext?: boolean;
  /** Milliseconds that the first contact with a remote service may take. Default 5000. */
  readonly connectTimeoutMs?: number;
  /** In process: the project's directory, whose `node_modules` are searched. Default: the working directory. */
  readonly cwd?: string;
  /** In process: the configuration file. Default: found from `cwd`, as the host does. */
  readonly configPath?: string;
  /** Where `CONNECTORS_SERVICE_ADDR` and the host's settings are looked up. Default: `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}
