export interface Scenario {
  readonly seed: number;
  readonly hosts: number;
  readonly connectors: number;
  readonly seconds: number;
  readonly quietMs?: number;
  readonly everyMs: number;
  readonly callsPerSecond: number;
  readonly disturbances?: readonly string[];
  readonly isMixed?: boolean;
}

export interface SimulationResult {
  readonly violations: readonly string[];
  readonly happened: Readonly<Record<string, number>>;
  readonly moves: number;
  readonly handed: number;
  readonly longestMs: number;
  readonly placed: number;
  readonly placeable: number;
  /** The same for the same run. */
  readonly digest: string;
}

export function simulate(scenario: Scenario): Promise<SimulationResult>;
