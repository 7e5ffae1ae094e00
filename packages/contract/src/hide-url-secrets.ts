/** A text as it may be shown: of a URL, or what begins like one, without credentials, path and query, any of which may hold a secret. */
export function hideUrlSecrets(text: string): string {
  return (
    text
      // Up to the last sign: a password that somebody pasted as it is may hold whatever ends a part of an URL.
      .replace(/\/\/.*@|^[^/\s]*:(?!\/\/).*@/s, (found) => (found.startsWith('//') ? '//…@' : '…@'))
      .replace(/^([a-z][a-z0-9+.-]*:\/\/[^/?#]*[/?#]).+/is, '$1…')
      .replace(/\?.*/s, '?…')
  );
}
