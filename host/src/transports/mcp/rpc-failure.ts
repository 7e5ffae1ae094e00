/** What a request is answered that does not come as far as a method. */
export function jsonRpcFailure(
  status: number,
  message: string,
  { code = -32_000, id = null }: { readonly code?: number; readonly id?: string | number | null } = {},
): Response {
  return Response.json({ jsonrpc: '2.0', error: { code, message }, id }, { status });
}
