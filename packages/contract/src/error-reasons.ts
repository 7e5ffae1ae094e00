// Long, as all reasons of all errors stand in one table.
import type { ErrorCode } from './error-codes.ts';
import type { JsonObject } from './json.ts';

/**
 * The closed table of reasons: `details.reason` of every error that the host, its clients and the SDK raise, by the code that bears it,
 * with what it means, in the words of docs/errors.md, which is written from here. Kinds may have reasons of their own. Codes of the
 * operating system and of TLS in small letters, `econnrefused`, are reasons too, and stand for themselves.
 */
export const ERROR_REASONS = {
  INVALID_INPUT: {
    config_refused: 'a registration or update has problems; nothing was changed',
    schema_changed:
      'an agent calls a tool by the schema that it was listed with, which is another by now: list the tools again; nothing was run',
    key_reused: 'the idempotency key was used for another action or payload before: a key stands for one call',
    callbacks_off: 'the end of an execution is to be told, and `executions` of the configuration says nothing of that',
    callback_not_allowed: 'the end of an execution is to be told where `executions.callbacks` allows nothing',
    already_ended: 'an execution is to be cancelled that has ended; `status` says how',
    already_rerun: 'an execution is to be run again that was; `rerun_as` is the one that repeats it',
    not_repeatable: 'an execution is to be run again that waits, runs or succeeded; `status` says which',
    profile_in_use: 'a profile is to be removed that a connector names; `used_by` says which',
    secret_in_use:
      'a secret of the store is to be removed that a connector, a profile or the configuration uses; `used_by` says who',
    not_owned:
      'the connector or profile belongs to the configuration file, or the connector to a plugin: change it there; or the secret to a connector or profile',
    unknown_action: 'the connector has no such action; the message lists those that it has',
    payload_not_json: 'no JSON, with `position`, `line` and `column`',
    payload_not_object: 'payloads are JSON objects',
    payload_too_deep: 'payloads are nested at most 256 levels deep',
    payload_duplicate_key: 'a key stands twice in one object',
    payload_reserved_key: 'a key is `__proto__`',
    payload_inexact_number: 'a number that JSON would round, such as a whole one beyond 2^53: send it as text',
    payload_circular:
      'a program handed over a value that refers to itself; what else JSON cannot carry is `payload_not_json`',
    reserved_key: 'a result has a member called `__proto__`, a column, say: ask for it under another name',
    result_too_large: 'an action that changes nothing found more than 3 MiB: ask for less',
    bad_text:
      'a text, such as one for a header or an address, holds half a character (one of a surrogate pair), which would arrive as another',
    payload_too_large: 'at most 3 MiB; configurations at most 1 MiB',
    unsupported_media_type: 'REST takes `Content-Type: application/json`, uncompressed',
    method_not_allowed: 'see the header `Allow`',
    wrong_usage:
      'the command line with `--json`: an unknown command or option, a value that is missing or none (exit code 2)',
    host_not_allowed: "the header `Host` names another address than this service: a browser's page, or a proxy",
    origin_not_allowed:
      "the header `Origin` (or `Sec-Fetch-Site`) names another address than this service: a browser's page, or a proxy",
    message_too_large: "seen by gRPC clients: the request or the answer is over the other side's limit",
    bad_url: "an action was made to ask for an address that is not the connector's own",
    bad_scheme: "an action was made to ask for an address that is not the connector's own",
    url_credentials: "an action was made to ask for an address that is not the connector's own",
    other_origin: "an action was made to ask for an address that is not the connector's own",
    outside_base_path: "an action was made to ask for an address that is not the connector's own",
    bad_header: 'an action was given a header that cannot be sent',
    reserved_header: 'an action was given a header that the host sets itself',
    invalid_argument: 'a gRPC server that is not ours refused the request',
    out_of_range: 'a gRPC server that is not ours refused the request',
  },
  UNAUTHENTICATED: {
    webhook_refused:
      'a webhook is not signed as its connector wants, or there is no connector of that name that takes any',
    no_credentials: 'neither a token nor a client certificate was sent, and the service asks for one',
    token_malformed: 'what was sent as `Authorization` is no token',
    token_unknown: 'a token that the service did not make, or not whole',
    token_expired: 'a token whose time is over',
    token_revoked: 'a token that somebody let count no longer; streams that it opened end with this, too',
    peer_refused:
      'what calls in the name of a host is none, or has another master key; who called at a host is told UNAVAILABLE of that',
    certificate_refused:
      'the client certificate has expired, was revoked, or comes from an authority that the service does not trust',
    certificate_unknown: 'no name of the client certificate is in `access.clients`',
    unauthenticated: 'a server that is not ours, or something in front of ours, refused the client',
  },
  PERMISSION_DENIED: {
    scope_missing: '`details.scope` is what the caller would need',
    secret_rebind:
      'stored or profile secrets would be sent to another place than before: give them again, or have the scope `secrets`',
    permission_denied: 'a server that is not ours, or something in front of ours, refused the client',
  },
  AUTH_FAILED: {
    token_refused: 'the `token_url` refused the client credentials',
    proxy_refused:
      'the proxy (or something that acts as one) wants other credentials (407, or 401 to the wish for a tunnel)',
    client_certificate_refused: 'the remote system refused `tls.cert_file`',
  },
  FORBIDDEN: {
    network_policy:
      'the connector wanted to connect to an address that `network` denies; the message names the rule and the line that would allow it, and nothing was connected to',
    outside_directories: 'an action names a file outside of the directories that its settings open to callers',
  },
  NOT_FOUND: {
    unknown_route: 'REST has no such route; `GET /openapi.json` lists them',
    not_exposed: '`mcp.expose` keeps the connector from agents',
    unknown_execution: 'no execution of that id is kept, or it is not of this caller',
    unknown_kind:
      'no kind of that name can be used: none is installed, or its package is refused, which the message explains',
    unknown_host: 'no host of that id lives; the message lists those that do',
    unknown_schedule: 'no schedule of that name is kept, or it is not of this caller',
    unknown_profile: 'no profile of that name was set',
    unknown_secret: 'the store has no such secret, or no such version of it',
    not_found: 'a gRPC server that is not ours said so',
  },
  ALREADY_EXISTS: {
    in_progress: 'the call with this idempotency key is still running: ask again after `retry_after_ms`; retryable',
    schedule_taken: 'another caller has a schedule of that name',
    already_exists: 'a gRPC server that is not ours said so',
  },
  CONFIG_INVALID: {
    path_not_granted: "a path lies outside of `files.roots`, or among the host's own files; see `problems`",
    settings_invalid: 'the kind refuses `settings`; see `problems`',
    held_back:
      'an update of a connector that works, with which it would not: it goes on as it was, and nothing was stored',
    bad_proxy: "`proxy`, or the host's HTTP_PROXY or HTTPS_PROXY, is no http or https URL",
    auth_incomplete: '`auth` lacks a field that its type needs, also after the profile filled it',
    no_endpoint: 'the kind needs a `host`',
    bad_scheme: 'the kind speaks HTTP and the scheme is another',
    bad_header: 'what `auth` says cannot be sent as a header',
    tls_file: 'a file under `tls` cannot be read',
    tls: 'a file under `tls` cannot be used',
    token_in_clear: 'a client would send its token in clear to another machine: call `grpcs://`, or allow it',
    failed_precondition: 'a gRPC server that is not ours said so',
  },
  RATE_LIMITED: {
    caller_limit:
      'one caller asks for more than `access.limits` lets it have; `retry_after_ms`; the caller is to blame, no remote system was asked',
    rate_limit:
      "not sent: by `limits.rate`, or `limits.rates` of the action's class, its turn would come after the caller's deadline, or after `limits.timeout`; for the caller",
    held_back: 'not sent, as the remote system asked for a wait that is not over yet',
  },
  TIMEOUT: {
    start_timeout: 'import and `initialize` did not end within `limits.start_timeout`; `details.step` says which',
    start_queued:
      "the connector's worker waited for its turn to start until the caller's deadline, as other connectors were starting; nothing was sent",
    deadline_exceeded: 'a gRPC client waited in vain for the service itself',
  },
  UPSTREAM_5XX: {
    bad_json: 'the answer is not JSON',
    repeated_key: 'a key stands twice in one object of the answer, so that which of its values holds cannot be known',
    held_back: 'not sent, as the remote system answered 503 and asked for a wait that is not over yet',
    bad_charset: "the answer's bytes are no text in the charset that it names",
    not_the_service:
      'a page of something in front of a remote system that answers in JSON: check `scheme`, `host`, `port` and `base_path`',
    bad_http: 'the answer is not HTTP: probably another port',
    http2_unannounced:
      'the server speaks HTTP/2 alone and did not say so in a TLS handshake; it read nothing of the request (effect `none`)',
    http1_required:
      'the server refuses HTTP/1.1 in its handshake, and then HTTP/2 for the request, which it has not looked at (effect `none`)',
    bad_encoding: 'the answer is compressed in a way that cannot be undone',
    bad_answer: "the answer is not in the format of the remote system's API (used by most kinds)",
    answer_too_large: "over 3 MiB, or the kind's own `maxBytes`",
    unexpected_status: 'neither success nor an error, such as a 304 that nobody asked for',
    redirect_refused:
      "a redirect to another origin, which is never asked with this connector's credentials, from https to http, or to no HTTP address",
    redirect_not_followed: 'a POST was redirected by 301 or 302, which do not say whether it was done',
    redirect_loop: 'one redirect too many',
    token_missing: 'the `token_url` gave no token',
    aborted: 'a gRPC server that is not ours said so',
  },
  TRANSIENT_NETWORK: {
    connect_false: "the adapter's `connect()` answered false",
    proxy_refused: 'the proxy did not open a tunnel to the server: `details.status` is its answer; nothing was sent',
    tls_certificate:
      "the server's certificate is not trusted: set `tls.ca_file` or `tls.server_name`, or have it renewed; not retryable",
    tls: 'the TLS handshake failed: does the remote system speak TLS on this port?',
    connection_lost: 'a gRPC client lost the service',
  },
  CANCELLED: {
    cancelled: 'seen by gRPC clients',
  },
  UNAVAILABLE: {
    webhook_not_taken:
      'a webhook could not be judged or kept, and should be sent again; `retry_after_ms`. The log says why',
    circuit_open:
      'not sent: the remote system failed again and again, and `circuit` keeps calls from it for a while; `retry_after_ms`; for the remote',
    master_key: 'the master key cannot be read or made; the message says why',
    disabled: '`enabled: false`, or disabled over the API; not retryable',
    paused:
      'somebody paused the connector: it is well, and takes calls again once it is resumed; `since` says since when. For the operator',
    kind_missing: "no admitted package provides the kind; the message is discovery's reason; not retryable",
    package_replaced:
      'the package was replaced in place, built anew or removed after it was admitted and before it was first run: scan again; not retryable',
    threads_blocked:
      'two threads of the connector are blocked outside JavaScript (or one, with four in the whole host); it is started again once they end, or with the host. Not retried',
    system_limit:
      'the system gives the host no file descriptor, thread, process or memory for the worker; it says which, and the next start may come off. For the operator',
    backing_off: 'the worker died and waits before its next start; `retry_after_ms`',
    quarantined:
      'it died or failed to start too often; `retry_after_ms`; `details.last` is the code of the last failure',
    poisonous_call:
      'with this payload the action ended the worker twice, so that it is refused alone while others go on; `details.payload_sha256` tells which. After ten minutes, or once the connector was tested or changed, it is let through again; not retryable',
    not_running: 'the worker went away between two steps; try again',
    not_initialized: 'the worker went away between two steps; try again',
    stopping:
      'the connector is being replaced, removed or stopped; with effect `maybe` for a call that outlasted its drain',
    closed: 'the connector is being replaced, removed or stopped; or this client was closed',
    shutting_down: 'the host is ending (exit code 69)',
    not_ready: 'the host is starting',
    host_silent: 'a host that was asked for what it alone knows has not answered within a second; retryable',
    host_late:
      'seen at `/health/ready`: the event loop of the host has been late by more than a second for ten seconds; it goes on with what comes',
    service_unreachable: "no service answers at the client's address (exit code 69)",
    peer_refused:
      'a host passed a call on to another one that does not trust it: both need the same master key, and to reach the database, by whose clock they go; for the operator, retryable',
    tls_required: 'a client calls a service that speaks TLS without: call `grpcs://` (exit code 69)',
    tls_not_spoken: 'a client calls a service that speaks no TLS by `grpcs://` (exit code 69)',
    tls_certificate:
      "a client does not trust the service's certificate: it expired, is for another name or of another authority; the message says which (exit code 69); or one host that of another, to which it passes calls on: for the operator",
    host_missing: 'in process: `@automate/host` is not installed',
    served_elsewhere:
      'in process, with `local`: another host serves the data directory; `details.address` is where connectors are changed',
    storage_full: 'nothing was changed: the disk of the data directory is full',
    storage_busy: 'nothing was changed: another program holds a database of the data directory',
    storage_read_only: 'nothing was changed: the data directory, or a file there, cannot be written',
    storage_corrupt: 'nothing was changed: a database of the data directory is damaged',
    storage_missing: 'nothing was changed: the data directory, or a file there, cannot be opened',
    storage_failed: 'nothing was changed: a file of the data directory could not be read or written',
    store_lost:
      'the database that `STORE_URL` names cannot be reached or refuses; nothing was changed, unless the effect is `maybe`; `details.database` is which',
    no_host:
      'no host that lives has the labels that `placement` of the connector asks for, or takes connectors at all; for the operator',
    moved:
      'the connector is held by another host, or by none yet, and could not be reached there in time; nothing was done: try again',
    store_busy:
      'that database is being moved by `automate store migrate`, or is to be moved while a host uses it; nothing was changed',
    audit_failed:
      'nothing was changed: the audit, which records each change before it is made, cannot be written; `details.file` is where',
    audit_key_lost:
      'the audit is sealed with a master key that is not there, and no record can follow; a host that records does not start so',
    audit_off: 'there are no records, as the audit was never on (`AUDIT=on`); not retryable',
    unimplemented: 'the service is older than the client; not retryable',
    address_in_use: 'gRPC or REST cannot have its address',
    cannot_listen: 'gRPC or REST cannot have its address',
  },
  OVERLOADED: {
    rate_queue_full:
      'not sent: as many calls as `limits.queue` allows wait already, for a place or for their turn by a limit of rate; the host does not try it again by itself',
    outcomes_full:
      'a million outcomes of calls with idempotency keys are kept, and no key is taken beyond, as it could not be kept',
    webhooks_full: 'as many webhooks of the connector are judged as may be at a time: send it again',
    executions_full:
      'as many executions are kept as one store takes: have them forgotten sooner, with `limits.execution_ttl`',
    schedules_full:
      'as many schedules are kept as one store takes, by their number or by what their payloads take: remove some',
    resource_exhausted: 'a gRPC server that is not ours said so',
  },
  WORKER_LOST: {
    uncaught_exception: 'an error that nobody caught',
    unhandled_rejection: 'a promise was rejected and nobody handled it',
    process_exit: 'its code called `process.exit`',
    process_abort: 'its code called `process.abort`',
    process_kill: 'its code called `process.kill` on its own process',
    out_of_memory: 'the JavaScript engine ran out of heap, or ended without a word',
    memory_exceeded: 'heap and buffers were over `limits.memory_mb`',
    killed_after_deadline: 'another call overran its deadline and would not stop (that call itself got TIMEOUT)',
    unresponsive: 'its event loop stood still although no call was running',
    protocol_violation: 'it posted 100 messages on ports that are not its own',
    exited: 'it ended by itself without saying why',
    host_lost: 'the host that held the connector ended, or was cut off, during the call',
    killed_by_signal: 'a signal that the host did not send ended its process: a crash in native code, or somebody else',
    init_failed: 'the worker ended while it was started or stopped',
    start_failed: 'the worker ended while it was started or stopped',
    start_timeout: 'the worker ended while it was started or stopped',
  },
  OUTCOME_UNKNOWN: {
    host_ended:
      'the host ended before it had written down how the call ended, so that nobody knows whether it took effect; the same for its key until that is cleared',
    lease_lost:
      'its host was stopped or cut off from its store for so long that another one took the execution over, and nobody knows whether it took effect',
    not_written:
      'the host could not write down how the call ended, nor keep that in memory until it could; the same for its key until that is cleared',
    caller_left:
      'the caller left while the call was under way, so that nobody knows whether it took effect; the same for its key until that is cleared or expires',
  },
  INTERNAL_ERROR: {
    reserved_key: 'the result of a change that was made has a member called `__proto__`: do not send it again',
    other_origin: "the kind's code asked for the connector's credentials to be sent to an address that is not its own",
    import_failed: "the adapter's module does not load; with `file` and `line` where known",
    no_adapter: 'its default export is not a class that extends `ConnectorAdapter`',
    protocol_mismatch: 'it was built with an SDK that speaks another protocol',
    construct_failed: 'its constructor threw',
    name_mismatch: "its `name` is not the manifest's key",
    type_mismatch: "its `type` is not the manifest's",
    bad_description: 'what it says of itself is put together wrongly',
    bad_action: 'what it says of itself is put together wrongly',
    schema_not_json: 'what it says of itself is put together wrongly',
    bad_webhook_answer: 'its `verifyWebhook` answers with something else than it may, or is not there',
    not_started: 'it used its context before it was given one',
    bad_validation: '`validateConfig` answered something else than it may',
    bad_connect_answer: '`connect` answered something else than it may',
    bad_health: '`healthCheck` answered something else than it may',
    output_invalid: "a result does not fit the action's output schema",
    result_too_large: 'an action was done, and its answer is too large to be sent: do not do it again',
    result_not_json:
      'a result that cannot be sent: see [what a result may be](writing-a-connector.md#what-a-result-may-be)',
    result_circular:
      'a result that cannot be sent: see [what a result may be](writing-a-connector.md#what-a-result-may-be)',
    result_too_deep:
      'a result that cannot be sent: see [what a result may be](writing-a-connector.md#what-a-result-may-be)',
    aborted:
      'the connector aborted its own work, by an `AbortController` of its own, say, while its caller still waited: throw a `TimeoutError` for what takes too long',
    bad_error:
      'its worker reported an error that cannot be read, or one by which only the service itself turns callers away',
    rest_failure: 'a fault in the host; its log has the cause',
    unexpected: 'a fault in the host; its log has the cause',
    unreadable_answer: 'the service answered what this client does not understand: upgrade the client',
    unknown: 'a gRPC server said no more than that',
    internal: 'a gRPC server said no more than that',
    data_loss: 'a gRPC server said no more than that',
  },
} as const satisfies Record<ErrorCode, Readonly<Record<string, string>>>;

type Reasons = typeof ERROR_REASONS;

/** A word of the table. */
export type ErrorReason = { [Code in ErrorCode]: keyof Reasons[Code] }[ErrorCode];

declare global {
  /**
   * Empty for authors, whose kinds have reasons of their own. The packages of the product build with a member `closed`
   * here (packages/tooling/closed-reasons.d.ts): in them a reason that is not in the table does not compile.
   */
  interface ConnectorErrorPolicy {}
}

/** Facts about an error, for programs. */
export type ErrorDetails = JsonObject & {
  /** Tells cases of one code apart. */
  readonly reason?: 'closed' extends keyof ConnectorErrorPolicy ? ErrorReason : string;
};
