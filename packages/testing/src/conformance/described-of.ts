import type { ConnectorDescription } from '@automate/contract';
import type { Subject } from './check.ts';
import { NotTried } from './check.ts';

/** What a kind says of itself, for checks that are not about whether it can. */
export async function describedOf(subject: Pick<Subject, 'description'>): Promise<ConnectorDescription> {
  try {
    return await subject.description();
  } catch (error) {
    throw new NotTried(`it cannot be described: ${(error as Error).message}`);
  }
}
