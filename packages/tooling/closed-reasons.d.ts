/** Included by the packages of the product: their errors have no reason that is not in ERROR_REASONS. */
interface ConnectorErrorPolicy {
  readonly closed: true;
}
