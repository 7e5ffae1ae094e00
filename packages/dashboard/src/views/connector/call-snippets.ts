/** The same call, for other ways to make it. */
export interface CallSnippets {
  readonly curl: string;
  readonly cli: string;
  readonly typescript: string;
}

export interface SnippetCall {
  readonly id: string;
  readonly action: string;
  /** JSON text. */
  readonly payload: string;
}

/** Single quotes, as a POSIX shell reads them. */
function quoteShell(text: string): string {
  return /^[\w./:=@-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * @param base address of the host, `http://127.0.0.1:8080`
 * @param signIn whether a token has to be shown
 */
export function writeSnippets({ id, action, payload }: SnippetCall, base: string, signIn: boolean): CallSnippets {
  const url = `${base}/api/v1/connectors/${encodeURIComponent(id)}/actions/${encodeURIComponent(action)}`;
  const token = signIn ? ` -H "Authorization: Bearer $CONNECTORS_SERVICE_TOKEN"` : '';
  const argument = payload.trim() === '' || payload.trim() === '{}' ? '' : ` --input ${quoteShell(compact(payload))}`;
  return {
    curl: `curl -s ${quoteShell(url)}${token} -H 'content-type: application/json' -d ${quoteShell(compact(payload))}`,
    cli: `automate execute ${quoteShell(id)} ${quoteShell(action)}${argument}`,
    typescript: `import { connect } from '@automate/client';

await using connectors = await connect();
const { result } = await connectors.execute({
  id: ${JSON.stringify(id)},
  action: ${JSON.stringify(action)},
  payload: ${compact(payload)},
});`,
  };
}

function compact(payload: string): string {
  if (payload.trim() === '') return '{}';
  try {
    return JSON.stringify(JSON.parse(payload));
  } catch {
    return payload;
  }
}
