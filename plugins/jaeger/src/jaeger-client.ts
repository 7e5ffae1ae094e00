import { ConnectorError, errorForStatus, InvalidInputError, isJsonObject, UpstreamError } from '@automate/sdk';
import type { HttpClient, HttpRequest, HttpResponse, JsonObject, JsonValue } from '@automate/sdk';
import { isSaidByStatus, parseExact, tryJson } from '@automate/sdk/exchange';
import { z } from 'zod';

/** Whether a status's body may hold Jaeger's own reason; the rest is for the HTTP client to judge. */
const isReasoned = (status: number): boolean => status >= 400 && status <= 501 && !isSaidByStatus(status);

/** More than a result may have: traces are cut to that only once they are read. */
const MAX_READ_BYTES = 32 * 1024 * 1024;

/** The HTTP statuses of those of gRPC's codes that a stream may end with. Others are failures of the server. */
const STATUS_OF_GRPC: Readonly<Record<number, number>> = {
  3: 400,
  4: 504,
  5: 404,
  7: 403,
  8: 429,
  12: 501,
  14: 503,
  16: 401,
};

export interface JaegerRequest<I extends z.ZodType> {
  readonly path: string;
  readonly query?: NonNullable<HttpRequest['query']>;
  /** The field of the answer that holds the list that is asked for. */
  readonly list: string;
  readonly item: I;
  /** Whether it is a search, which may answer 404, or nothing, where it has found nothing. */
  readonly search?: boolean;
}

/**
 * Asks Jaeger's HTTP API v3 for a list, which may come in several chunks. Fields that are not known here pass.
 *
 * @throws ConnectorError by the answer's status, in Jaeger's words; NotFoundError only of a search; UpstreamError, which
 *   the operator must mend, where the answer is not Jaeger's.
 */
export async function askJaeger<I extends z.ZodType>(
  http: HttpClient,
  { path, query = {}, list, item, search = false }: JaegerRequest<I>,
): Promise<z.output<I>[]> {
  try {
    const response = await sendToJaeger(http, { path, query, maxBytes: MAX_READ_BYTES });
    const chunks = readChunks(response);
    if (chunks.length === 0 && !search) throw notJaeger(path, 'an empty body');
    return chunks.flatMap((chunk) => listOf(chunk, list, item, path));
  } catch (error) {
    if (!ConnectorError.is(error)) throw error;
    // What lists everything finds something or nothing, and is there in any case.
    if (!search && error.code === 'NOT_FOUND') throw notJaeger(path, error.message);
    if (error.details?.['reason'] !== 'answer_too_large') throw error;
    throw new InvalidInputError(
      `${path} has more than ${MAX_READ_BYTES} bytes to tell; ask for fewer traces at once, or have find_traces give summaries`,
      { details: { reason: 'answer_too_large' } },
    );
  }
}

/** Sends any request, and gives errors in Jaeger's words. */
export async function sendToJaeger(http: HttpClient, request: HttpRequest): Promise<HttpResponse> {
  const wanted = request.accept ?? ((status: number) => status >= 200 && status < 300);
  const response = await http.request({
    ...request,
    answers: 'json',
    headers: { accept: 'application/json', ...request.headers },
    accept: (status) => wanted(status) || isReasoned(status),
  });
  const { status } = response;
  if (wanted(status)) return response;
  const said = reasonOf(response);
  // Whoever it is that has failed will get over it; a refusal without a reason is nobody's whom we know.
  if (said === undefined && status < 500) throw notJaeger(request.path, `status ${status}`);
  throw jaegerError(request.path, status, said ?? `status ${status}`);
}

/** The answer is of another service, or of a gateway before Jaeger. */
function notJaeger(path: string, found: string): UpstreamError {
  return new UpstreamError(
    `${path} did not answer as Jaeger does (${found}); the operator must check host, port and base_path`,
    { retryable: false, blame: 'operator', details: { reason: 'bad_answer' } },
  );
}

/** A whole document, or one per line where the server streams it. */
function readChunks(response: HttpResponse): JsonValue[] {
  const text = response.text().trim();
  if (text === '') return [];
  if (!/[}\]]\s*\n\s*\{/.test(text)) return [response.json()];
  try {
    return text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [parseExact(line)]));
  } catch {
    // One document over several lines; if that is none either, it says so.
    return [response.json()];
  }
}

function listOf<I extends z.ZodType>(chunk: JsonValue, field: string, item: I, path: string): z.output<I>[] {
  const body = isJsonObject(chunk) && isJsonObject(chunk['result']) ? chunk['result'] : chunk;
  if (!isJsonObject(body)) throw notJaeger(path, 'no object');
  // A stream that fails says so in its last chunk, when its status is long sent.
  const failure = failureIn(body);
  if (failure !== undefined) throw jaegerError(path, failure.status ?? 500, failure.message);
  // Protobuf's JSON leaves out what is empty.
  const isList = Object.hasOwn(body, field) || Object.keys(body).length === 0;
  const result = z.array(item).safeParse(isList ? (body[field] ?? []) : undefined);
  if (result.success) return result.data;
  throw notJaeger(path, `${field}: ${z.prettifyError(result.error).replaceAll('\n', ' ')}`);
}

function jaegerError(path: string, status: number, said: string): ConnectorError {
  const message = `Jaeger refused ${path}: ${said}`;
  const options = { details: { status }, ...(status === 501 ? { retryable: false } : {}) };
  return errorForStatus(status, message, options) ?? new UpstreamError(message, options);
}

function reasonOf(response: HttpResponse): string | undefined {
  const body = tryJson(response);
  // What is not JSON is not Jaeger's own reason: the caller says so.
  return isJsonObject(body) ? failureIn(body)?.message : undefined;
}

interface Failure {
  readonly message: string;
  /** As HTTP has it, where the failure says so. */
  readonly status: number | undefined;
}

/** `{ code, message }` of the published API, the same within `error`, or `error` itself the message: gateways of gRPC differ. */
function failureIn(body: JsonObject): Failure | undefined {
  const holder = isJsonObject(body['error']) ? body['error'] : body;
  const message = holder['message'] ?? holder['error'];
  const grpc = holder['grpcCode'] ?? holder['grpc_code'] ?? holder['code'];
  const status = holder['httpCode'] ?? holder['http_code'];
  // Words without a code, or with one that gRPC does not have, are those of a gateway before Jaeger.
  const isJaegers = grpc === undefined ? status !== undefined : Number(grpc) >= 1 && Number(grpc) <= 16;
  if (typeof message !== 'string' || !isJaegers) return undefined;
  return { message, status: typeof status === 'number' ? status : STATUS_OF_GRPC[Number(grpc)] };
}
