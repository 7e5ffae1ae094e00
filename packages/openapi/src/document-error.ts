/** A document that cannot be read as OpenAPI at all. The message says what was found, and what was wanted. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/** One thing of a document that cannot be taken; what it belongs to is left out, with this message as the reason. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}
