import { useRef, useState } from 'preact/hooks';

const SAID_MS = 2_000;

/** Text to take along. Where the browser lets the page copy nothing, it is selected instead. */
export function CopyBlock({ name, text }: { readonly name: string; readonly text: string }) {
  const block = useRef<HTMLPreElement>(null);
  const [said, setSaid] = useState('');
  const copy = async (): Promise<void> => {
    try {
      // Without TLS, away from this machine, there is no clipboard at all.
      if (navigator.clipboard === undefined) throw new Error('no clipboard');
      await navigator.clipboard.writeText(text);
      setSaid('Copied');
    } catch {
      if (block.current !== null) getSelection()?.selectAllChildren(block.current);
      setSaid('Selected, for you to copy');
    }
    setTimeout(() => setSaid(''), SAID_MS);
  };
  return (
    <div class="copy-block">
      <div class="copy-head">
        <span class="field-name">{name}</span>
        <span class="quiet" role="status">
          {said}
        </span>
        <button type="button" onClick={() => void copy()} aria-label={`Copy as ${name}`}>
          Copy
        </button>
      </div>
      <pre ref={block} tabIndex={0} aria-label={name}>
        {text}
      </pre>
    </div>
  );
}
