import type { Candidate } from './complete.ts';
import type { SplitLine } from './split-line.ts';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** What a shell has to read once to complete `automate`. Each asks the program itself, so that it knows no command and no name. */
export const SCRIPTS: Readonly<Record<Shell, string>> = {
  // The line is split by the program: bash breaks words at ":", "=" and some "@" as well, and replaces the rest alone.
  bash: `# Completion of automate for bash: source <(automate completion bash)
_automate_complete() {
  local program="\${COMP_WORDS[0]/#\\~/$HOME}" candidate
  COMPREPLY=()
  while IFS= read -r candidate; do
    COMPREPLY+=("$candidate")
  done < <("$program" completion bash --complete --word "$2" -- "\${COMP_LINE:0:COMP_POINT}" 2>/dev/null)
}
complete -o default -F _automate_complete automate
`,
  zsh: `#compdef automate
# Completion of automate for zsh: automate completion zsh > a file "_automate" in a folder of $fpath, or source <(automate completion zsh)
_automate() {
  local line
  local -a candidates
  while IFS= read -r line; do
    candidates+=("$line")
  done < <(\${(Q)words[1]} completion zsh --complete -- "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then _describe automate candidates; else _files; fi
}
if [ "\${funcstack[1]}" = _automate ]; then _automate "$@"; else compdef _automate automate; fi
`,
  fish: `# Completion of automate for fish: automate completion fish > ~/.config/fish/completions/automate.fish
function __automate_complete
  set -l words (commandline -opc)
  set -l current (commandline -ct | string unescape)
  set -l candidates (command $words[1] completion fish --complete -- $words[2..-1] "$current" 2>/dev/null)
  if test (count $candidates) -gt 0
    string join \\n -- $candidates
  else
    __fish_complete_path "$current"
  end
end
complete -c automate -f -a '(__automate_complete)'
`,
};

/** Candidates as the script of the shell reads them: a line each. */
export function formatCandidates(shell: Shell, candidates: readonly Candidate[], line?: BashLine): readonly string[] {
  switch (shell) {
    case 'bash':
      return candidates.map(({ value }) => (line === undefined ? value : forBash(value, line)));
    case 'zsh':
      return candidates.map(({ value, about }) => `${value.replaceAll(/[\\:]/g, '\\$&')}:${about}`);
    case 'fish':
      return candidates.map(({ value, about }) => `${value}\t${about}`);
    default:
      return shell satisfies never;
  }
}

interface BashLine extends Pick<SplitLine, 'typed' | 'quote'> {
  /** What bash replaces: the end of the word, as it breaks words at more than blanks. */
  readonly replaced: string;
}

/** What bash puts in place: quoted as the word is, without what of the word it keeps. */
function forBash(value: string, { typed, quote, replaced }: BashLine): string {
  if (quote === "'") return value.replaceAll("'", "'\\''");
  if (quote === '"') return value.replaceAll(/["\\$`]/g, '\\$&');
  const escaped = value.replaceAll(/[^\w./:@%+=,~^-]/g, '\\$&');
  return typed.endsWith(replaced) ? escaped.slice(typed.length - replaced.length) : escaped;
}
