import { basename, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRedactor } from '@automate/sdk';
import type { FakeReply, RecordedRequest } from './fake-service.ts';
import { FakeService } from './fake-service.ts';
import { askUpstream } from './recordings/ask-upstream.ts';
import { replaceAddress, replaceAddressIn, toBytes } from './recordings/bodies.ts';
import type { Difference } from './recordings/compare-questions.ts';
import { compareQuestions, findNearest } from './recordings/compare-questions.ts';
import type { Answer, Exchange, Question, Recording } from './recordings/exchange.ts';
import { SERVICE } from './recordings/exchange.ts';
import { questionOf } from './recordings/question-of.ts';
import { readRecording, writeRecording } from './recordings/recording-file.ts';
import { findSecret, removeSecrets, secretsOfAnswer, secretsOfRequest } from './recordings/remove-secrets.ts';

export interface RecordedServiceOptions {
  /** The file that holds the recording, meant for git: `new URL('recordings/messages.json', import.meta.url)`. */
  readonly file: URL | string;
  /**
   * Where the real service is, without a path: `https://api.example.com`; or what starts one and gives that. Used for recording alone.
   */
  readonly upstream?: string | (() => string | Promise<string>);
  /** Default: `record` where the environment variable AUTOMATE_RECORDINGS says so, else `replay`, which reaches no network. */
  readonly mode?: 'record' | 'replay';
  /** Secrets that stand where nothing says so: in a path, or in a text. Used for recording alone. */
  readonly secrets?: readonly string[];
  /** Headers of requests that count, besides the type of the body and that credentials were there. Names in lower case. */
  readonly headers?: readonly string[];
  /** Places of requests that are others each time and do not count: `query.time`, `body.startsAt`, `body.items[*].id`. */
  readonly varies?: readonly string[];
  /** Whether recorded requests may be left unasked. Default false: `close` rejects and names them. */
  readonly allowUnasked?: boolean;
}

/**
 * A real service, recorded once and replayed for ever: a server on 127.0.0.1 and a free port, which passes on what it is asked and keeps
 * the answers in a file while it records, and answers from the file, without network, otherwise.
 *
 * The file is JSON for people to read and review. It holds no secrets: credentials, cookies, parameters and members that are called like
 * one, and those values wherever else they stand, are `[secret]`; one in which a secret is found all the same is not written.
 *
 * A replay is strict. What was not recorded is answered with 501, and the test fails with what was asked, what is nearest to it and where
 * the two differ, and with what was recorded and is asked no more. An answer is given once; the last one to the same GET or HEAD stays.
 *
 * ```ts
 * await RecordedService.use(
 *   { file: new URL('recordings/messages.json', import.meta.url), upstream: 'https://api.example.com' },
 *   async (service) => {
 *     const connector = await startConnector(MyServiceAdapter, { url: service.url, config: { auth: { type: 'bearer', token } } });
 *   },
 * );
 * ```
 */
export class RecordedService {
  readonly #service: FakeService;
  readonly #side: Side;
  #closing: Promise<void> | undefined;

  // Not disposable: runners show nothing of an error that came while `await using` cleaned up after another one.
  private constructor(service: FakeService, side: Side) {
    this.#service = service;
    this.#side = side;
  }

  /**
   * Gives a service to the body of a test, and closes it. Where the body fails, nothing is written, and that is the error; where something
   * was asked that is not recorded, the error says so and has the body's as its cause.
   */
  static async use<T>(options: RecordedServiceOptions, body: (service: RecordedService) => Promise<T>): Promise<T> {
    const service = await RecordedService.start(options);
    let given: T;
    try {
      given = await body(service);
    } catch (error) {
      await service.#service.close();
      const fault = service.#side.fault();
      throw fault === undefined ? error : new Error(fault, { cause: error });
    }
    await service.close();
    return given;
  }

  /** For hooks, as `afterAll(() => service.close())`: a service that listens. Rejects where there is nothing to replay, or nothing to record from. */
  static async start(options: RecordedServiceOptions): Promise<RecordedService> {
    const { mode = modeOfEnvironment(), file } = options;
    const path = file instanceof URL ? fileURLToPath(file) : resolve(file);
    const given = { ...options, file: path };
    const side = mode === 'record' ? await recorder(given) : replayer(given, await readRecording(path));
    const service = await FakeService.start();
    service.on('*', /^/, (request) => side.reply(request, service.url));
    return new RecordedService(service, side);
  }

  /** The endpoint as a connector's configuration names it. */
  get endpoint(): FakeService['endpoint'] {
    return this.#service.endpoint;
  }

  /** `http://127.0.0.1:PORT` */
  get url(): string {
    return this.#service.url;
  }

  /** Everything asked so far, in order, secrets and all. */
  get requests(): readonly RecordedRequest[] {
    return this.#service.requests;
  }

  /**
   * Stops listening. After recording it writes the file; after a replay it rejects where something was asked that is not recorded, or is
   * recorded and was not asked. Safe to call twice.
   */
  close(): Promise<void> {
    return (this.#closing ??= this.#service.close().then(this.#side.end));
  }
}

type Options = Omit<RecordedServiceOptions, 'file'> & { readonly file: string };

interface Side {
  readonly reply: (request: RecordedRequest, origin: string) => FakeReply | Promise<FakeReply>;
  /** What went wrong so far, if anything did. */
  readonly fault: () => string | undefined;
  /** After the last request. Rejects with faults, and where something is missing. */
  readonly end: () => Promise<void>;
}

function modeOfEnvironment(): 'record' | 'replay' {
  const { AUTOMATE_RECORDINGS: mode = 'replay' } = process.env;
  if (mode === 'record' || mode === 'replay') return mode;
  throw new Error(`AUTOMATE_RECORDINGS: expected record or replay, received ${JSON.stringify(mode)}`);
}

async function recorder({ file, upstream: given, secrets = [], headers = [] }: Options): Promise<Side> {
  if (given === undefined) throw new Error(`${basename(file)} cannot be recorded: the test names no upstream`);
  const upstream = originOf(typeof given === 'string' ? given : await given());
  const exchanges: { readonly request: Question; answer?: Answer }[] = [];
  const known = new Set(secrets);
  const failures: string[] = [];
  const notRecorded = `${file} was not recorded, and is as it was`;
  return {
    async reply(request, origin) {
      const exchange: (typeof exchanges)[number] = { request: questionOf(request, origin, headers) };
      // Before it is answered: the file has the order of the requests.
      exchanges.push(exchange);
      for (const secret of secretsOfRequest(request, exchange.request)) known.add(secret);
      try {
        exchange.answer = await askUpstream(request, origin, upstream);
      } catch (error) {
        failures.push(`${sentenceOf(exchange.request)}: ${(error as Error).message}`);
        return { drop: 'request' };
      }
      for (const secret of secretsOfAnswer(exchange.answer)) known.add(secret);
      return toReply(exchange.answer, origin);
    },
    fault: () => (failures.length === 0 ? undefined : `${notRecorded}: ${failures.join('; ')}`),
    async end() {
      const kept = exchanges.filter((each): each is Exchange => each.answer !== undefined);
      if (kept.length < exchanges.length || kept.length === 0) {
        const why =
          failures.length > 0 ? failures.join('; ') : `nothing was ${exchanges.length > 0 ? 'answered' : 'asked'}`;
        throw new Error(`${notRecorded}: ${why}`);
      }
      const values = [...known];
      const shown = kept.map((exchange) => removeSecrets(exchange, values));
      const open = shown.filter((exchange) => findSecret(JSON.stringify(exchange), exchange, values));
      if (open.length > 0)
        throw new Error(
          `${notRecorded}, as a secret would stand in it: in ${open.map(({ request }) => createRedactor(values).text(sentenceOf(request))).join('; in ')}`,
        );
      const recording: Recording = { recorded: new Date().toISOString().slice(0, 10), exchanges: shown };
      await writeRecording(file, `${JSON.stringify(recording, undefined, 2)}\n`);
    },
  };
}

function originOf(upstream: string): string {
  const url = URL.parse(upstream);
  if (url !== null && /^https?:$/.test(url.protocol) && /^\/?$/.test(url.pathname + url.search) && url.username === '')
    return url.origin;
  throw new Error(
    'upstream: expected scheme, host and port alone, such as https://api.example.com; a path belongs into the configuration of the connector',
  );
}

function replayer(options: Options, { exchanges, recorded }: Recording): Side {
  const { file, headers = [], varies = [], allowUnasked = false } = options;
  const asked = new Set<Exchange>();
  const faults: string[] = [];
  const tell = (unknown: readonly string[], stale: readonly string[]): string =>
    [
      `what is asked is not what was recorded on ${recorded} in ${file}. Record it anew with AUTOMATE_RECORDINGS=record where that is meant.`,
      ...(unknown.length === 0 ? [] : ['Not recorded:', ...unknown.map((fault) => `  ${fault}`)]),
      ...(stale.length === 0 ? [] : ['Recorded, and not asked:', ...stale.map((each) => `  ${each}`)]),
    ].join('\n');
  return {
    reply(request, origin) {
      const question = questionOf(request, origin, headers);
      const fitting = exchanges.filter((each) => compareQuestions(each.request, question, varies).length === 0);
      const next = fitting.find((each) => !asked.has(each));
      const exchange = next ?? (['GET', 'HEAD'].includes(request.method) ? fitting.at(-1) : undefined);
      if (exchange !== undefined) {
        asked.add(exchange);
        return toReply(exchange.answer, origin);
      }
      const { text } = createRedactor(secretsOfRequest(request, question));
      const fault = `${text(sentenceOf(question))}: ${
        fitting.length > 0
          ? `recorded for ${fitting.length === 1 ? 'one request' : `${fitting.length} requests`}, and asked once more`
          : text(tellNearest(exchanges, question, varies))
      }`;
      faults.push(fault);
      return { status: 501, json: { error: `not recorded in ${basename(file)}: ${fault}` } };
    },
    fault: () => (faults.length === 0 ? undefined : tell(faults, [])),
    async end() {
      const stale = exchanges.flatMap((each, index) =>
        allowUnasked || asked.has(each) ? [] : [`exchanges[${index}], ${sentenceOf(each.request)}`],
      );
      if (faults.length > 0 || stale.length > 0) throw new Error(tell(faults, stale));
    },
  };
}

function tellNearest(exchanges: readonly Exchange[], asked: Question, varies: readonly string[]): string {
  const nearest = findNearest(
    exchanges.map(({ request }) => request),
    asked,
    varies,
  );
  const request = nearest === undefined ? undefined : exchanges[nearest.index]?.request;
  if (nearest === undefined || request === undefined) return 'nothing is recorded';
  return `nearest is exchanges[${nearest.index}], ${sentenceOf(request)}, which differs in ${nearest.differences.map(tellDifference).join(', ')}`;
}

function tellDifference({ at, recorded = 'nothing', asked = 'nothing' }: Difference): string {
  return `${at} (recorded ${shorten(recorded)}, asked ${shorten(asked)})`;
}

function shorten(text: string): string {
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

function sentenceOf({ method, path }: Question): string {
  return `${method} ${path}`;
}

/** What stands in a file for the service's address becomes the address of this server. */
function toReply(answer: Answer, origin: string): FakeReply {
  return {
    status: answer.status,
    headers: Object.fromEntries(
      Object.entries(answer.headers ?? {}).map(([name, value]) => [
        name,
        typeof value === 'string'
          ? replaceAddress(value, SERVICE, origin)
          : value.map((each) => replaceAddress(each, SERVICE, origin)),
      ]),
    ),
    bytes: replaceAddressIn(toBytes(answer), SERVICE, origin),
  };
}
