import type { ComponentChildren } from 'preact';
import { useRef } from 'preact/hooks';

export interface ConfirmButtonProps {
  readonly name: string;
  readonly question: string;
  readonly children: ComponentChildren;
  readonly busy?: boolean;
  onConfirm(): void;
}

/** A button for what cannot be taken back: asks once more before it does it. */
export function ConfirmButton({ name, question, children, busy = false, onConfirm }: ConfirmButtonProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  return (
    <>
      <button type="button" class="danger" disabled={busy} onClick={() => dialog.current?.showModal()}>
        {name}
      </button>
      <dialog ref={dialog} aria-label={question}>
        <h2>{question}</h2>
        <div class="dialog-text">{children}</div>
        <div class="buttons">
          <button
            type="button"
            class="danger"
            onClick={() => {
              dialog.current?.close();
              onConfirm();
            }}
          >
            {name}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
      </dialog>
    </>
  );
}
