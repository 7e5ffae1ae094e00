import type { ComponentChildren } from 'preact';
import { useEffect, useRef } from 'preact/hooks';
import { TaskButton } from './task-button.tsx';

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
  useEffect(
    () => () => {
      // It goes with what was removed, and the focus with it.
      if (document.activeElement === dialog.current?.previousElementSibling)
        document.querySelector<HTMLElement>('main h1')?.focus();
    },
    [],
  );
  return (
    <>
      <TaskButton class="danger" busy={busy} onPress={() => dialog.current?.showModal()}>
        {name}
      </TaskButton>
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
