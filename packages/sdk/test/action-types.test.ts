import { describe, expect, it } from '@jest/globals';
import { z } from 'zod';
import { action, ConnectorAdapter } from '../src/index.ts';
import type { ActionTable, JsonObject, JsonValue, SchemaInput, SchemaOutput } from '../src/index.ts';

/** Compiles only where both types are the same. The compiler runs this file's checks; the runner only loads it. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
const same = <T extends true>(value: T): T => value;

const input = z.object({ city: z.string(), days: z.number().default(1) });

describe('the types of an action', () => {
  it('follow from its schemas', () => {
    same<Same<SchemaInput<typeof input>, { city: string; days?: number | undefined }>>(true);
    same<Same<SchemaOutput<typeof input>, { city: string; days: number }>>(true);
    const forecast = action({
      description: 'The forecast.',
      input,
      output: z.object({ sky: z.string() }),
      sideEffects: false,
      idempotent: true,
      run(given, context) {
        same<Same<typeof given, { city: string; days: number }>>(true);
        same<Same<typeof context.deadline, number>>(true);
        return { sky: given.city };
      },
    });
    const table: ActionTable = { forecast };
    expect(Object.keys(table)).toEqual(['forecast']);
  });

  it('hold a result against the output schema', () => {
    const wrong = action({
      description: 'The forecast.',
      input,
      output: z.object({ sky: z.string() }),
      sideEffects: false,
      idempotent: true,
      // @ts-expect-error the schema wants a string
      run: () => ({ sky: 5 }),
    });
    expect(wrong.idempotent).toBe(true);
  });

  it('want the flags to be said', () => {
    // @ts-expect-error idempotent is missing
    const incomplete = action({ description: 'The forecast.', input, sideEffects: false, run: () => null });
    expect(incomplete.sideEffects).toBe(false);
  });
});

describe('the types of an adapter', () => {
  it("take the guide's sample as it is, and let a subclass rename it", () => {
    class MyServiceAdapter extends ConnectorAdapter {
      readonly name: string = 'my_service';
      readonly version = '1.0.0';
      async connect(): Promise<boolean> {
        return true;
      }
      override async execute(name: string, payload: JsonObject): Promise<JsonValue> {
        return { name, payload };
      }
    }
    class Renamed extends MyServiceAdapter {
      override readonly name = 'renamed';
    }
    expect(new Renamed().name).toBe('renamed');
  });

  it('want name, version and connect', () => {
    // @ts-expect-error connect, name and version are missing
    class Empty extends ConnectorAdapter {}
    expect(Empty.name).toBe('Empty');
  });
});
