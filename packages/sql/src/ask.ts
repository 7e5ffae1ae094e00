import type { Session } from './dialect.ts';
import type { Row } from './result-schemas.ts';
import { createRoom } from './results.ts';
import type { Statement } from './schemas.ts';

/** The first rows of a statement of the connector's own. */
export async function ask(session: Session, statement: Statement, limit: number): Promise<readonly Row[]> {
  const { rows } = await session.run(statement, { limit, offset: 0, room: createRoom(), tooLarge: 'refuse' });
  return rows;
}
