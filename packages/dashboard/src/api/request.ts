import type { OperationId, ProblemDocument } from '@automate/contract/http';
import type { Answer, Routes } from './types.ts';

export interface RequestParts {
  /** What stands for `{id}` and the like in the path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string | number | undefined>>;
  /** Sent as JSON; text is taken for JSON text already. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** An error of the API, with all that the service says about it. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly problem: ProblemDocument;

  constructor(problem: ProblemDocument) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** Below the page's own address, so that a proxy may serve it under a path of its own. */
export function addressOf(path: string, { params = {}, query = {} }: RequestParts = {}): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_all, name: string) => encodeURIComponent(params[name] ?? ''));
  const url = new URL(filled.replace(/^\//, ''), document.baseURI);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined && value !== '') url.searchParams.set(name, String(value));
  return url.href.replace(/#.*$/, '');
}

/** Sends a request, and gives its answer; throws an `ApiError` for every other end than 2xx, and where there is no answer. */
export async function send(method: string, path: string, parts: RequestParts = {}): Promise<Response> {
  const { body, headers = {}, signal } = parts;
  let response: Response;
  try {
    response = await fetch(addressOf(path, parts), {
      method,
      cache: 'no-store',
      headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (reason) {
    if (signal?.aborted === true) throw reason;
    throw new ApiError(noAnswer());
  }
  if (response.ok) return response;
  throw new ApiError(await readProblem(response));
}

/** Sends a request of the table of routes; a method or path that is not the operation's does not compile. */
export async function request<Id extends OperationId>(
  method: Routes[Id]['method'],
  path: Routes[Id]['path'],
  parts?: RequestParts,
): Promise<Answer<Id>> {
  const response = await send(method, `/api/v1${path}`, parts);
  return (await response.json()) as Answer<Id>;
}

export function toProblem(reason: unknown): ProblemDocument {
  if (reason instanceof ApiError) return reason.problem;
  const detail = reason instanceof Error ? reason.message : String(reason);
  return { ...noAnswer(), title: 'The page failed', detail, code: 'INTERNAL_ERROR', blame: 'plugin' };
}

export function noAnswer(): ProblemDocument {
  return {
    type: 'about:blank',
    title: 'The host does not answer',
    status: 0,
    detail: 'No connection to the host. See whether it runs: "automate status" on its machine says so.',
    code: 'UNAVAILABLE',
    name: 'UnavailableError',
    retryable: true,
    effect: 'maybe',
    blame: 'operator',
  };
}

async function readProblem(response: Response): Promise<ProblemDocument> {
  try {
    return (await response.json()) as ProblemDocument;
  } catch {
    const detail = `The answer was ${response.status} ${response.statusText}, from something in front of the host.`;
    return { ...noAnswer(), title: 'No answer of the host', status: response.status, detail };
  }
}
