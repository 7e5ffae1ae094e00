import type { Problem } from '@automate/contract';
import { quote } from '@automate/contract';
import type { Answers, Known, Question } from './questions.ts';
import { QUESTIONS } from './questions.ts';

/** Asks a person; `undefined` is one who gave up. */
export type Ask = (question: Question, suggested: string | undefined) => Promise<string | undefined>;

export type Collected =
  | { readonly answers: Answers }
  | { readonly problems: readonly Problem[] }
  | { readonly givenUp: true };

/**
 * Joins what the flags say with what is asked, or suggested.
 *
 * @param options.known the flags, and what else is known. A value that is wrong is a problem before anything is asked
 * @param options.ask for a terminal
 * @param options.takeSuggestions what is not known is as suggested, without being asked
 */
export async function collectAnswers(options: {
  readonly known: Known;
  readonly ask?: Ask;
  readonly takeSuggestions: boolean;
}): Promise<Collected> {
  const { ask, takeSuggestions } = options;
  let known = options.known;
  const wrong = QUESTIONS.flatMap((question) => [
    ...wrongAnswer(question, known[question.key]),
    ...needless(question, known),
  ]);
  if (wrong.length > 0 && ask !== undefined) return { problems: wrong };
  const problems = [...wrong];
  for (const question of QUESTIONS) {
    if (known[question.key] !== undefined) continue;
    if (question.template !== undefined && question.template !== known.template) continue;
    const suggested = question.suggest(known);
    let answer: string | undefined;
    if (takeSuggestions) answer = suggested;
    else if (ask !== undefined) {
      answer = await ask(question, suggested);
      if (answer === undefined) return { givenUp: true };
    }
    const found =
      answer === undefined ? [missing(question, { suggested, takeSuggestions })] : wrongAnswer(question, answer);
    problems.push(...found);
    known = { ...known, [question.key]: found.length > 0 ? suggested : answer };
  }
  return problems.length > 0 ? { problems } : { answers: known as Answers };
}

function wrongAnswer({ flag, faults }: Question, value: string | undefined): readonly Problem[] {
  if (value === undefined) return [];
  return faults(value).map((expected) => ({ path: flag, expected, received: quote(value) }));
}

/** A flag of another template than the one that was asked for. */
function needless({ flag, key, template }: Question, known: Known): readonly Problem[] {
  const value = known[key];
  if (template === undefined || value === undefined || template === known.template) return [];
  const received = known.template === undefined ? 'no --template' : `--template ${known.template}`;
  return [{ path: flag, expected: `--template ${template} beside it`, received }];
}

function missing(
  { flag, words, choices }: Question,
  { suggested, takeSuggestions }: { readonly suggested: string | undefined; readonly takeSuggestions: boolean },
): Problem {
  const values = choices === undefined ? '' : `: ${Object.keys(choices).join(', ')}`;
  const reason = takeSuggestions ? 'none can be suggested' : 'there is no terminal to ask at';
  const way = takeSuggestions || suggested === undefined ? '' : `; --yes takes ${quote(suggested)}`;
  return { path: flag, expected: `the ${words}${values} (${reason}${way})`, received: 'nothing' };
}
