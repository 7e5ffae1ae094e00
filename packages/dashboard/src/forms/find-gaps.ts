import type { Problems } from './problems-at.ts';

/** What is missing in a form or cannot be sent, by the names of its fields, which are their paths; as the browser knows it. */
export function findGaps(form: HTMLFormElement | null): Problems {
  return [...(form?.elements ?? [])].filter(isControl).flatMap((control) => {
    const { name, validity, validationMessage, willValidate } = control;
    if (!willValidate || validity.valid) return [];
    const message = validity.valueMissing ? 'must be given' : validationMessage;
    return [{ path: name, expected: 'a value', received: 'nothing', message }];
  });
}

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

function isControl(element: Element): element is Control {
  return ['INPUT', 'SELECT', 'TEXTAREA'].includes(element.tagName);
}
