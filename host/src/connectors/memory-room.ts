import { freemem, totalmem } from 'node:os';

/** What Node's `process` knows of memory that the machine does not say: what a container may have. */
export interface MemoryBounds {
  /** Bytes; 0, or more than the machine has, where nothing bounds it. */
  constrainedMemory?(): number;
  /** Bytes. */
  availableMemory?(): number;
}

/** Bytes that the host and all beside it may have, and of those what nobody has. */
export function memoryRoom(bounds: MemoryBounds = {}): { readonly limit: number; readonly free: number } {
  const most = bounds.constrainedMemory?.() ?? 0;
  return {
    limit: most > 0 ? Math.min(most, totalmem()) : totalmem(),
    free: bounds.availableMemory?.() ?? freemem(),
  };
}

/**
 * Whether more than half of the memory that the host may have is in use, by whomever: then no worker is kept only for the next
 * health check.
 */
export function isMemoryShort(bounds: MemoryBounds = {}): boolean {
  const { limit, free } = memoryRoom(bounds);
  return free < limit / 2;
}
