import { create } from '@bufbuild/protobuf';
import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  ProfileInfo as InfoMessage,
  SetProfileRequest as SetMessage,
  SetProfileRequestSchema,
} from '../../gen/connectors/connectors_pb.ts';
import { ProfileInfoSchema } from '../../gen/connectors/connectors_pb.ts';
import { PROFILE_OWNERS } from '../../profile-operations.ts';
import type { ProfileInfo, SetProfileRequest } from '../../profile-operations.ts';
import { readWord } from './words.ts';
import type { Problems } from './words.ts';

export function profileToMessage({ usedBy, secrets, ...profile }: ProfileInfo): InfoMessage {
  return create(ProfileInfoSchema, { ...profile, secrets: { ...secrets }, usedBy: [...usedBy] });
}

export function profileFromMessage(message: InfoMessage, problems: Problems): ProfileInfo {
  const { name, kind, environment, enabled, owner, settings = {}, secrets, usedBy, hidesOther } = message;
  return {
    name,
    kind,
    environment,
    enabled,
    owner: readWord(PROFILE_OWNERS, owner, { path: `profiles.${name}.owner`, problems, fallback: 'api' }),
    settings,
    secrets: { ...secrets },
    usedBy: [...usedBy],
    ...(hidesOther ? { hidesOther } : {}),
  };
}

export function setProfileToMessage(request: SetProfileRequest): MessageInitShape<typeof SetProfileRequestSchema> {
  const { name, kind, environment, settings, secrets, enabled } = request;
  return {
    name,
    kind,
    ...(environment === undefined ? {} : { environment }),
    ...(settings === undefined ? {} : { settings }),
    ...(secrets === undefined ? {} : { secrets: { ...secrets } }),
    ...(enabled === undefined ? {} : { enabled }),
  };
}

/** What the message does not have stays out: the service says what is missing. */
export function setProfileFromMessage(message: SetMessage): SetProfileRequest {
  const { name, kind, environment, settings, secrets, enabled } = message;
  return {
    name,
    ...(kind === '' ? {} : { kind }),
    ...(environment === undefined ? {} : { environment }),
    ...(settings === undefined ? {} : { settings }),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets: { ...secrets } }),
    ...(enabled === undefined ? {} : { enabled }),
  } as SetProfileRequest;
}
