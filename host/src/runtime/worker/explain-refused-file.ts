/**
 * What stands against an import that a connector with walls was refused. Undefined where the failure is another.
 */
export function explainRefusedFile(thrown: unknown): string | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined;
  const { code, permission, resource } = thrown as Readonly<Record<string, unknown>>;
  if (code !== 'ERR_ACCESS_DENIED' || permission !== 'FileSystemRead') return undefined;
  return `it was refused ${String(resource)}, which belongs neither to its package nor to one that its package.json asks for: the plugin's author must name the package there, or ask for the permission fs.read`;
}
