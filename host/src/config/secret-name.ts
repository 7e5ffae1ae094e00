const SECRET =
  /(?:^|_)(?:pass|pass_?word|passwd|pass_?phrase|pwd|secret|token|(?:api|access|secret|private|signing|encryption|client|shared|account|auth)_?key|credentials?|jwt|cookie)(?:_?\d+|_(?:prod|production|staging|test|dev|old|new|current|previous))?$/;

/** Whether a setting, a variable or an entry of metadata of this name holds a secret: `db_password`, `apiKey`, `GITHUB_TOKEN`, but not `token_url`. */
export function soundsSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z\d])([A-Z])/g, '$1_$2').replaceAll(/[-.\s]/g, '_');
  return SECRET.test(words.toLowerCase());
}
