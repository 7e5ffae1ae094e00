/** What is said of an entry of `executions.callbacks` that is none. */
export const CALLBACK_RULE_WORDS =
  'a URL that others begin with, such as "https://hooks.example.com/automate/", or a host such as "hooks.example.com", "hooks.example.com:8443" or "*.example.com"';

/** Whether this is an entry of `executions.callbacks`. */
export function isCallbackRule(text: string): boolean {
  return readRule(text) !== undefined;
}

/** Whether the entry allows this URL: one that begins as it does, at whole steps of the path; of a host alone any path, with https. */
export function coversCallback(text: string, url: URL): boolean {
  const rule = readRule(text);
  if (rule === undefined || rule.url.protocol !== url.protocol || rule.url.port !== url.port) return false;
  const { hostname, pathname } = rule.url;
  if (rule.below ? !url.hostname.endsWith(`.${hostname}`) : url.hostname !== hostname) return false;
  if (climbs(url.pathname)) return false;
  return url.pathname === pathname || url.pathname.startsWith(pathname.endsWith('/') ? pathname : `${pathname}/`);
}

/** Signs of a path as they are written, once or several times over. */
const WRITTEN_SIGNS: Readonly<Record<string, string>> = { '%25': '%', '%2e': '.', '%2f': '/', '%3b': ';', '%5c': '\\' };

/** Whether there is a step up in a path, written so that it stands there still: some servers take it, and are elsewhere then. */
function climbs(pathname: string): boolean {
  let path = pathname;
  for (let before = ''; before !== path;) {
    before = path;
    path = path.replace(/%(?:25|2e|2f|3b|5c)/gi, (sign) => WRITTEN_SIGNS[sign.toLowerCase()] ?? sign);
  }
  return path.split(/[/\\]/).some((step) => /^\.\.(?:;|$)/.test(step));
}

function readRule(text: string): { readonly url: URL; readonly below: boolean } | undefined {
  if (/[\s\\?#@]/.test(text)) return undefined;
  const isUrl = /^https?:\/\/[^/]/i.test(text);
  if (!isUrl && text.includes('/')) return undefined;
  const below = !isUrl && text.startsWith('*.');
  const url = URL.parse(isUrl ? text : `https://${below ? text.slice(2) : text}`);
  return url === null || url.hostname.includes('*') ? undefined : { url, below };
}
