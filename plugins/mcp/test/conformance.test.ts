import { describe, it } from '@jest/globals';
import { conformance } from '@automate/testing';

conformance(new URL('..', import.meta.url), {}, { describe, it });
