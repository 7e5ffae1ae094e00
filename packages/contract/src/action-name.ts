/** Longer ones are cut: names go into metrics, logs and tools. */
const MAX_LENGTH = 100;

/** A name from elsewhere in the form of an action's: `getPetById` → `get_pet_by_id`, `repos/list-for-org` → `repos_list_for_org`. Empty where nothing is left. */
export function toActionName(text: string): string {
  const words = text
    .normalize('NFKD')
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .toLowerCase()
    .slice(0, MAX_LENGTH)
    .replaceAll(/^_+|_+$/g, '');
  return /^[0-9]/.test(words) ? `op_${words}` : words;
}
