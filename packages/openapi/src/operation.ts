import type { JsonObject, JsonSchema, JsonValue } from '@automate/contract';

/** The methods that an operation may have here; TRACE, and what version 3.2 adds, are left out. */
export const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'DELETE', 'POST', 'PATCH'] as const;
export type OperationMethod = (typeof METHODS)[number];

export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie';

export type ParameterStyle = 'simple' | 'label' | 'matrix' | 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject';

/** Where a value of the input goes, and how it is written there. */
export interface Parameter {
  /** Its name in the input: as in the document, with its place behind it where that name is taken. */
  readonly property: string;
  readonly name: string;
  readonly in: ParameterPlace;
  readonly required: boolean;
  readonly style: ParameterStyle;
  readonly explode: boolean;
  readonly allowReserved: boolean;
  /** It is written as JSON text, as the document gives it a content type rather than a style. */
  readonly json: boolean;
}

export type BodyForm = 'json' | 'form' | 'multipart' | 'text' | 'binary';

/** How one member of a form is written. */
export interface PartEncoding {
  readonly style: ParameterStyle;
  readonly explode: boolean;
  readonly contentType?: string;
  /** It is a file, given as `{ base64, filename?, content_type? }`. */
  readonly file: boolean;
}

/** What the input's `body` becomes. */
export interface RequestBody {
  /** Its name in the input. */
  readonly property: string;
  readonly contentType: string;
  readonly form: BodyForm;
  readonly required: boolean;
  /** Of forms, by member; others are written as forms usually are. */
  readonly encodings: Readonly<Record<string, PartEncoding>>;
}

/** Schemes that authorise a request together, by name, with the scopes that each needs. */
export type SecurityRequirement = Readonly<Record<string, readonly string[]>>;

/** One operation of a document. */
export interface Operation {
  /** In the form of an action's name; no two of a document are the same. */
  readonly name: string;
  readonly operationId?: string;
  readonly method: OperationMethod;
  /** With its parameters in braces: `/pets/{petId}`. */
  readonly path: string;
  readonly tags: readonly string[];
  readonly description: string;
  readonly deprecated: boolean;
  /** Of an object: the parameters by name, and what is sent as `body`. */
  readonly input: JsonSchema;
  /** Of the answer's body. Absent: the document does not say. */
  readonly output?: JsonSchema;
  readonly parameters: readonly Parameter[];
  readonly body?: RequestBody;
  /** What may authorise it: any one of these. Empty: it needs nothing. */
  readonly security: readonly SecurityRequirement[];
  /** As the document says them for this operation, with the defaults of their variables. May be relative to the document. */
  readonly servers: readonly Server[];
  /** Whether it may change anything: all but GET, HEAD and OPTIONS. */
  readonly sideEffects: boolean;
  /** Whether doing it twice is doing it once: all but POST and PATCH. */
  readonly idempotent: boolean;
  /** From the document's examples, as far as it gives any: they may lack what is required, and need not fit their schemas. */
  readonly examples: { readonly input: JsonObject; readonly output?: JsonValue };
}

export interface Server {
  /** May hold variables in braces. */
  readonly url: string;
  readonly variables: Readonly<Record<string, ServerVariable>>;
}

export interface ServerVariable {
  readonly default: string;
  readonly enum?: readonly string[];
}

/** An operation that cannot be called, and why. */
export interface LeftOut {
  /** `POST /pets (createPet)`. */
  readonly operation: string;
  readonly reason: string;
}
