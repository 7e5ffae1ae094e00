import type { HostRow, Placement, PlacementStore } from '../../src/store/placement-store.ts';

/** Answers at once what the store does. */
export class ModelStore {
  constructor(now: () => number);
  readonly hosts: Map<string, { expiresAt: number; readonly row: HostRow }>;
  readonly placements: Map<string, { readonly host: string; readonly movedAt: number | undefined }>;
  beat(
    host: HostRow,
    options: Omit<Parameters<PlacementStore['beat']>[1], 'onSend'>,
  ): Awaited<ReturnType<PlacementStore['beat']>>;
  find(connector: string): Placement | undefined;
  take(...given: Parameters<PlacementStore['take']>): Placement | undefined;
  hand(...given: Parameters<PlacementStore['hand']>): boolean;
  release(...given: Parameters<PlacementStore['release']>): void;
  tellHealth(...given: Parameters<PlacementStore['tellHealth']>): void;
  leave(...given: Parameters<PlacementStore['leave']>): void;
}
