import { z } from 'zod';
import { CONFIGURED_LEVELS, KIND_PATTERN, PROFILE_NAME_PATTERN } from '../connector.ts';
import { parseNetworkRule } from '../network-rule.ts';
import { NETWORK_PATTERN, VARIABLE_PATTERN } from '../permissions.ts';
import { connectorConfigSchema } from './connector-config.ts';
import { CALLBACK_RULE_WORDS, isCallbackRule } from './callback-rule.ts';
import { SCOPE_PATTERN, SCOPE_WORDS } from '../token-operations.ts';
import { flag, jsonMap, lasting, oneOf, pattern, strictMap, text, whole } from './fields.ts';

/** How a package name may be patterned in `allow` and `deny`: `*` stands for any run of characters. */
const packagePattern = (): z.ZodString =>
  pattern(/^\S{1,214}$/, 'a package name, in which * stands for any characters');

const grantedPaths = (): z.ZodArray<z.ZodString> =>
  z.array(pattern(/^[^*]+$/, 'a path without *'), 'a list of files and directories');

/** What is granted to the connectors of some packages, of what their manifests ask for. */
const grantSchema = strictMap({
  network: z
    .array(
      pattern(NETWORK_PATTERN, 'a host and port such as "api.example.com:443", "*:5432" or "*"'),
      'a list of hosts',
    )
    .optional()
    .meta({ description: 'Hosts and ports that they may connect to; one of them opens the network.', default: [] }),
  env: z
    .array(pattern(VARIABLE_PATTERN, 'the name of a variable'), 'a list of names')
    .optional()
    .meta({ description: "Variables of the host's environment that they see, at every level.", default: [] }),
  fs: strictMap({
    read: grantedPaths()
      .optional()
      .meta({ description: 'Files and directories that they may read; relative to this file.', default: [] }),
    write: grantedPaths()
      .optional()
      .meta({ description: 'Files and directories that they may write; relative to this file.', default: [] }),
  })
    .optional()
    .meta({ description: 'Files that they may use.' }),
  child_process: flag()
    .optional()
    .meta({ description: 'Whether they may start programs, which nothing holds to the other grants.', default: false }),
});

/** `plugins:`, how packages are found and which are admitted. */
export const pluginsSchema = strictMap({
  scan: oneOf(['direct', 'all']).optional().meta({
    description: 'direct: only what the root package.json depends on; all: everything found in node_modules.',
    default: 'direct',
  }),
  allow: z
    .array(packagePattern(), 'a list of patterns')
    .optional()
    .meta({ description: 'Packages that may be used.', default: ['*'] }),
  deny: z
    .array(packagePattern(), 'a list of patterns')
    .optional()
    .meta({ description: 'Packages that may not; wins over allow.', default: [] }),
  paths: z
    .array(text(), 'a list of directories')
    .optional()
    .meta({ description: 'Further directories that hold a node_modules, relative to the project.', default: [] }),
  strict: flag()
    .optional()
    .meta({ description: 'Reject packages without a readable host range instead of warning.', default: false }),
  prefer: z
    .record(
      z.string().regex(KIND_PATTERN, 'the name of a kind'),
      pattern(/^\S{1,214}$/, 'a package name'),
      'a map of kinds to package names',
    )
    .optional()
    .meta({ description: 'Which package provides a kind that several declare.', default: {} }),
  isolation: oneOf(CONFIGURED_LEVELS).optional().meta({
    description:
      'How connectors of packages are isolated that say nothing themselves, and whose kinds recommend nothing.',
    default: 'thread',
  }),
  minimum_isolation: z
    .record(packagePattern(), oneOf(CONFIGURED_LEVELS), 'a map of patterns of package names to levels')
    .optional()
    .meta({ description: 'The weakest isolation that connectors of these packages may have.', default: {} }),
  grants: z.record(packagePattern(), grantSchema, 'a map of patterns of package names to grants').optional().meta({
    description: 'What connectors of these packages are granted of what their manifests ask for.',
    default: {},
  }),
  signatures: oneOf(['allow', 'require']).optional().meta({
    description: 'require: admit only packages that a key of trusted_keys has signed; allow: all others, too.',
    default: 'allow',
  }),
  trusted_keys: z
    .record(
      packagePattern(),
      z.array(
        pattern(
          /^MCowBQYDK2VwAyEA[A-Za-z0-9+/]{43}=$/,
          'an Ed25519 public key: the line that "openssl pkey -pubout" has between the others',
        ),
        'a list of public keys',
      ),
      'a map of patterns of package names to public keys',
    )
    .optional()
    .meta({ description: 'Whose signatures count for these packages.', default: {} }),
  frozen: flag().optional().meta({
    description: 'Whether the host starts only with what connectors.lock has: its packages, files and grants.',
    default: false,
  }),
  watch: flag().optional().meta({
    description: 'Whether a host that runs looks again by itself when packages were installed or removed.',
    default: true,
  }),
});

/** `files:`, what connectors may use of this machine. */
export const filesSchema = strictMap({
  roots: z.array(text(), 'a list of directories').optional().meta({
    description:
      'Directories within which connectors that are registered over the API may name files; relative to this file.',
    default: [],
  }),
});

const networkRules = (): z.ZodArray<z.ZodString> => {
  const expected =
    'an address (10.1.2.3), a range (10.0.0.0/8), a name (db.internal, *.example.com), private, loopback, link-local, metadata or *, with a port (:5432) or without';
  return z.array(
    pattern(/^\S{1,300}$/, expected).refine((rule) => parseNetworkRule(rule) !== undefined, expected),
    'a list of addresses, ranges and names',
  );
};

/** `network:`, where connectors may connect to. */
export const networkSchema = strictMap({
  allow: networkRules().optional().meta({
    description:
      'What connectors may reach all the same; wins over deny. Link-local and metadata addresses and the ports of the host are denied to all that are not named here by address.',
    default: [],
  }),
  deny: networkRules().optional().meta({ description: 'What no connector may reach.', default: [] }),
  registered: strictMap({
    allow: networkRules().optional().meta({
      description:
        'What connectors that are registered over the API may reach of loopback and private addresses, where callers have to sign in.',
      default: [],
    }),
  })
    .optional()
    .meta({ description: 'Of connectors that are registered over the API.' }),
});

/** `access:`, who may call over the network, and how much. */
export const accessSchema = strictMap({
  clients: z
    .record(
      pattern(/^[\x21-\x7e]{1,255}$/, 'a DNS name or URI of a client certificate'),
      z.array(pattern(SCOPE_PATTERN, SCOPE_WORDS), 'a list of scopes').min(1, 'a list of at least one scope'),
      'a map of names in client certificates to scopes',
    )
    .optional()
    .meta({
      description: 'What callers may do, by a DNS name or URI in the subjectAltName of their client certificates.',
      default: {},
    }),
  limits: strictMap({
    requests_per_second: whole(1, 1_000_000).optional().meta({
      description: 'Requests that one caller may make each second. Absent: as many as it likes.',
    }),
    calls_in_flight: whole(1, 100_000).optional().meta({
      description: 'Calls that one caller may have under way at the same time. Absent: as many as it likes.',
    }),
    connections_per_address: whole(1, 100_000).optional().meta({
      description: 'Connections that one address may have to each of gRPC and REST.',
      default: 1000,
    }),
    header_timeout: lasting(100).optional().meta({
      description: 'How long a caller may take until TLS is agreed upon, and for the head of a request of REST.',
      default: '10s',
    }),
    body_timeout: lasting(100).optional().meta({
      description: 'How long a request of REST may take to arrive whole.',
      default: '20s',
    }),
  })
    .optional()
    .meta({ description: 'What one caller may have; callers beyond are told RATE_LIMITED.' }),
});

const actionPatterns = (): z.ZodArray<z.ZodString> =>
  z.array(
    pattern(
      /^[^\s/]{1,100}(?:\/[^\s/]{1,200})?$/,
      'a connector such as "prometheus", or an action of it such as "prometheus/query", in which * stands for any characters',
    ),
    'a list of patterns',
  );

/** `mcp:`, what agents are shown. */
export const mcpSchema = strictMap({
  expose: strictMap({
    allow: actionPatterns()
      .optional()
      .meta({ description: 'Connectors and actions that agents see, of those that they may call.', default: ['*'] }),
    deny: actionPatterns()
      .optional()
      .meta({ description: 'Connectors and actions that they do not see; wins over allow.', default: [] }),
    read_only: flag()
      .optional()
      .meta({ description: 'Whether they see only actions that change nothing.', default: false }),
  })
    .optional()
    .meta({ description: 'Which connectors and actions agents see.' }),
});

const SECRET_REFERENCE = /^secretref:\/\//;
const SECRET_REFERENCE_WORDS = 'a secret reference such as secretref://env/default/NAME';

/** `executions:`, what becomes of calls that outlive their callers. */
export const executionsSchema = strictMap({
  callback_secret: pattern(SECRET_REFERENCE, SECRET_REFERENCE_WORDS).optional().meta({
    description: 'What callbacks are signed with. Absent: none is made.',
  }),
  callbacks: z
    .array(z.string(CALLBACK_RULE_WORDS).refine(isCallbackRule, CALLBACK_RULE_WORDS), 'a list of URLs and hosts')
    .optional()
    .meta({
      description: 'Where callbacks may go: URLs that theirs begin with, or hosts that they have, with https.',
      default: [],
    }),
});

const SECRET_FIELD = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'the name of a field');

/** One entry of `profiles:`. */
export const profileSchema = strictMap({
  kind: pattern(KIND_PATTERN, 'the name of a kind').meta({ description: 'The kind of connector that may use it.' }),
  environment: text().optional().meta({ description: 'Which environment it belongs to.', default: 'prod' }),
  settings: jsonMap()
    .optional()
    .meta({ description: "Settings for the connectors that use it; a connector's own win." }),
  secrets: z
    .record(SECRET_FIELD, pattern(SECRET_REFERENCE, SECRET_REFERENCE_WORDS), 'a map of fields to secret references')
    .optional()
    .meta({ description: 'Secrets by field; those named as fields of auth fill the ones that are absent there.' }),
  enabled: flag()
    .optional()
    .meta({ description: 'A disabled profile stops the connectors that use it.', default: true }),
});

/** A profile as it is set over the API: the same, but that its secrets may be the secrets themselves. */
export const setProfileSchema = profileSchema.extend({
  secrets: z.record(SECRET_FIELD, text(), 'a map of fields to secrets').optional().meta({
    description:
      'Secrets by field, which move into the store, or references to the store; those named as fields of auth fill the ones that are absent there.',
    writeOnly: true,
  }),
});

/** A profile as the YAML writes it. */
export type WireProfile = z.infer<typeof profileSchema>;
/** One entry of `plugins.grants` as the YAML writes it. */
export type WireGrant = z.infer<typeof grantSchema>;
/** `plugins:` as the YAML writes it. */
export type WirePlugins = z.infer<typeof pluginsSchema>;

/** `files:` as the YAML writes it. */
export type WireFiles = z.infer<typeof filesSchema>;
/** `access:` as the YAML writes it. */
export type WireAccess = z.infer<typeof accessSchema>;

/** `mcp:` as the YAML writes it. */
export type WireMcp = z.infer<typeof mcpSchema>;

/** `executions:` as the YAML writes it. */
export type WireExecutions = z.infer<typeof executionsSchema>;

/** `network:` as the YAML writes it. */
export type WireNetwork = z.infer<typeof networkSchema>;

/** The whole file. Sections whose lines are all commented out count as absent. */
export const configFileSchema = strictMap({
  $schema: z
    .string('a text')
    .optional()
    .meta({ description: 'Where editors find this schema; nothing else reads it.' }),
  plugins: pluginsSchema.nullish().meta({ description: 'How connector packages are found and which are admitted.' }),
  files: filesSchema.nullish().meta({ description: 'Which files of this machine connectors may use.' }),
  network: networkSchema.nullish().meta({ description: 'Where connectors may connect to.' }),
  access: accessSchema.nullish().meta({ description: 'Who may call over the network, and how much.' }),
  mcp: mcpSchema.nullish().meta({ description: 'What agents are shown.' }),
  executions: executionsSchema.nullish().meta({ description: 'Where the ends of executions may be told.' }),
  profiles: z
    .record(z.string().regex(PROFILE_NAME_PATTERN, 'the name of a profile'), profileSchema, 'a map of profiles')
    .nullish()
    .meta({ description: 'Named settings and secret references that connectors use.' }),
  connectors: z
    .array(connectorConfigSchema, 'a list of connectors')
    .nullish()
    .meta({ description: 'The connectors that this host runs.' }),
});
