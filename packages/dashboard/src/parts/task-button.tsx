import type { ComponentChildren } from 'preact';

export interface TaskButtonProps {
  /** Whether what it does is under way. */
  readonly busy: boolean;
  readonly disabled?: boolean;
  /** Default `button`, which calls `onPress`; `submit` leaves it to the form. */
  readonly type?: 'button' | 'submit';
  readonly class?: string;
  readonly children: ComponentChildren;
  onPress?(): void;
}

/**
 * A button of what takes a while: pressed once more meanwhile it does nothing. It is not disabled then, as a disabled button loses the
 * focus, and whoever has no mouse their place.
 */
export function TaskButton({ busy, type = 'button', onPress, ...rest }: TaskButtonProps) {
  return (
    <button
      {...rest}
      type={type}
      aria-disabled={busy}
      onClick={(event) => {
        if (busy) event.preventDefault();
        else onPress?.();
      }}
    />
  );
}
