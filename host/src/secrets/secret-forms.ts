/** Shortest text that is looked for: anything shorter stands in innocent words too often. */
export const MIN_SECRET_LENGTH = 6;

/**
 * The forms in which a secret shows up in answers and logs: as it is, URL-encoded, in base64 (wherever in the encoded
 * bytes it begins, so that `user:password` in a Basic header is found by the password), and each of them as it stands
 * in JSON text, JSON text within a JSON string, and that as it travels in an answer.
 */
export function secretForms(value: string): readonly string[] {
  if (value.length < MIN_SECRET_LENGTH) return [];
  const forms = [value, ...urlForms(value), ...base64Forms(value)];
  const once = forms.map(escapeJson);
  const twice = once.map(escapeJson);
  const thrice = twice.map(escapeJson);
  return [...new Set([...forms, ...once, ...twice, ...thrice])].filter((form) => form.length >= MIN_SECRET_LENGTH);
}

function escapeJson(text: string): string {
  return JSON.stringify(text).slice(1, -1);
}

function urlForms(value: string): readonly string[] {
  // A lone surrogate has no URL form; encodeURIComponent would throw.
  const whole = value.toWellFormed();
  const component = encodeURIComponent(whole);
  const form = new URLSearchParams([['', whole]]).toString().slice(1);
  return [component, form, lowerHex(component), lowerHex(form), encodeURI(whole)];
}

function lowerHex(text: string): string {
  return text.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase());
}

function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].flatMap((shift) => {
    const text = Buffer.concat([Buffer.alloc(shift), bytes]).toString('base64');
    // Characters at both ends hold bits of the neighbours, which nobody knows.
    const start = Math.ceil((shift * 8) / 6);
    const end = Math.floor(((shift + bytes.length) * 8) / 6);
    const known = text.slice(start, end);
    return [known, known.replaceAll('+', '-').replaceAll('/', '_')];
  });
}
