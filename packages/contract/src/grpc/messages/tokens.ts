import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  CreateTokenRequest as CreateTokenMessage,
  CreateTokenRequestSchema,
  Token,
} from '../../gen/connectors/connectors_pb.ts';
import { TokenSchema } from '../../gen/connectors/connectors_pb.ts';
import type { Scope } from '../../principal.ts';
import type { CreateTokenRequest, TokenInfo } from '../../token-operations.ts';
import { int64ToNumber, millisToInt64 } from './words.ts';
import type { Problems } from './words.ts';

export function tokenToMessage({ scopes, ...rest }: TokenInfo): Token {
  return create(TokenSchema, { ...rest, scopes: [...scopes] });
}

export function tokenFromMessage({ id, name, scopes, createdAt, expiresAt, revokedAt }: Token): TokenInfo {
  return {
    id,
    name,
    scopes: scopes as Scope[],
    createdAt,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    ...(revokedAt === undefined ? {} : { revokedAt }),
  };
}

export function createTokenToMessage({
  name,
  scopes,
  expiresInMs,
}: CreateTokenRequest): MessageInitShape<typeof CreateTokenRequestSchema> {
  return {
    name,
    scopes: [...scopes],
    ...(expiresInMs === undefined ? {} : { expiresInMs: millisToInt64(expiresInMs) }),
  };
}

export function createTokenFromMessage(message: CreateTokenMessage, problems: Problems): CreateTokenRequest {
  const { name, scopes, expiresInMs } = message;
  const expires =
    expiresInMs === undefined ? undefined : int64ToNumber(expiresInMs, { path: 'expires_in_ms', problems });
  return { name, scopes: scopes as Scope[], ...(expires === undefined ? {} : { expiresInMs: expires }) };
}
