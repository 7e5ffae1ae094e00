/** Backends that can be asked. `vault` is known by name, so that a reference to it says what is missing. */
export const SECRET_BACKENDS = ['env', 'file', 'store'] as const;
export type SecretBackendName = (typeof SECRET_BACKENDS)[number];

/** `secretref://<backend>/<namespace>/<name>?version=N` in its parts. */
export interface SecretReference {
  readonly backend: SecretBackendName;
  readonly namespace: string;
  readonly name: string;
  /** The version that is meant, which only `store` has; absent: the latest. */
  readonly version?: number;
}

export type ParsedSecretReference =
  | { readonly ok: true; readonly reference: SecretReference }
  | { readonly ok: false; readonly expected: string; readonly message?: string };

const FORM =
  /^secretref:\/\/([a-z][a-z0-9_-]*)\/([A-Za-z0-9][A-Za-z0-9_.-]{0,127})\/([A-Za-z0-9_][A-Za-z0-9_.-]{0,254})(?:\?version=([1-9]\d{0,8}))?$/;
const NOT_BUILT = new Set(['vault']);

/** `SECRETREF://`, `secretref:/`, `secretref//`, `secret-ref:`, `secret://`, alone or within a longer text. */
const LOOKALIKE = /sec(?:re|er)t?[-_ ]?refs?\s*(?::|%3a|\/\/)|\bsec(?:re|er)\w*:\//i;

/** True for texts that hold what means to be a secret reference, well formed or not. */
export function looksLikeSecretReference(text: string): boolean {
  return LOOKALIKE.test(text);
}

/** Takes a secret reference apart, or says what is wrong with it. Never throws; holds no secret itself. */
export function parseSecretReference(text: string): ParsedSecretReference {
  const parts = FORM.exec(text);
  const backend = parts?.[1] ?? '';
  if (parts === null || text.includes('..')) return { ok: false, expected: wantedInsteadOf(text) };
  if (NOT_BUILT.has(backend)) {
    const message = `the secret backend "${backend}" is not built yet; use secretref://store, secretref://env or secretref://file`;
    return { ok: false, expected: 'the backend store, env or file', message };
  }
  if (!isBackend(backend)) return { ok: false, expected: 'the backend store, env or file' };
  if (backend === 'env' && parts[2] !== 'default')
    return { ok: false, expected: 'the namespace default: secretref://env/default/NAME' };
  if (parts[4] !== undefined && backend !== 'store')
    return { ok: false, expected: `no version: the backend ${backend} keeps only the present value` };
  const reference = { backend, namespace: parts[2] ?? '', name: parts[3] ?? '' };
  return { ok: true, reference: parts[4] === undefined ? reference : { ...reference, version: Number(parts[4]) } };
}

/** Whether a text refers to a secret in the store, and to nothing else. */
export function isStoreReference(text: string): boolean {
  const parsed = parseSecretReference(text);
  return parsed.ok && parsed.reference.backend === 'store';
}

/** Whether a message may repeat the text: what has another form may be the secret itself. */
export function hasReferenceForm(text: string): boolean {
  return FORM.test(text);
}

/** What to write instead, depending on whether the text holds more than the reference. */
function wantedInsteadOf(text: string): string {
  const start = text.search(LOOKALIKE);
  const alone = start <= 0 && !/\s/.test(text);
  return alone
    ? 'a reference such as secretref://store/NAMESPACE/NAME, secretref://env/default/NAME or secretref://file/NAMESPACE/NAME'
    : 'the reference as the whole value, such as secretref://env/default/NAME, so that the secret is all of it; within a longer text only ${NAME} is read';
}

function isBackend(text: string): text is SecretBackendName {
  return (SECRET_BACKENDS as readonly string[]).includes(text);
}
