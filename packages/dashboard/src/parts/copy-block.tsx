import { useState } from 'preact/hooks';

/** Text to take along. Where the browser lets the page copy nothing, it can still be selected. */
export function CopyBlock({ name, text }: { readonly name: string; readonly text: string }) {
  const [done, setDone] = useState(false);
  const copy = async (): Promise<void> => {
    await navigator.clipboard?.writeText(text);
    setDone(true);
    setTimeout(() => setDone(false), 2_000);
  };
  return (
    <div class="copy-block">
      <div class="copy-head">
        <span class="field-name">{name}</span>
        <button type="button" onClick={() => void copy()} aria-label={`Copy as ${name}`}>
          {done ? 'Copied' : 'Copy'}
        </button>
      </div>
      <pre tabIndex={0} aria-label={name}>
        {text}
      </pre>
    </div>
  );
}
