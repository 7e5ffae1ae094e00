import { isJsonObject } from '../json.ts';
import type { JsonObject } from '../json.ts';
import { describeReceived } from './describe-received.ts';
import type { Finding } from './finding.ts';

/**
 * What the contract names and this version does not do. Accepting it would promise a protection that is not there, so
 * it is refused, and taken out of the configuration so that the shape's check does not complain of it again.
 */
export function refuseNotBuilt(config: JsonObject, findings: Finding[]): JsonObject {
  const rest: JsonObject = { ...config };
  if (isJsonObject(config.limits ?? null) && Object.hasOwn(config.limits as JsonObject, 'rate')) {
    const { rate, ...limits } = config.limits as JsonObject;
    const message = 'a rate limit is not built yet; concurrency and queue bound a connector in this version';
    findings.push({ path: ['limits', 'rate'], expected: 'nothing', received: describeReceived(rate), message });
    rest.limits = limits;
  }
  return rest;
}
