/**
 * Where a text stops being JSON: the index of the first character that cannot stand there, its length if it ends too early,
 * `undefined` if it is JSON.
 *
 * The engine tells the place only sometimes, and always quotes the text around it, which may be a key pasted to the wrong
 * place. So it is looked for here, and the quote is dropped.
 */
export function jsonMistake(text: string): number | undefined {
  const open: ('{' | '[')[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at += /^[ \t\r\n]*/u.exec(text.slice(at))?.[0].length ?? 0;
    if (expected === 'end' && open.length === 0) return at === text.length ? undefined : at;
    const token = tokens[expected].exec(text.slice(at))?.[0];
    if (token === undefined) return at + brokenLength(text.slice(at));
    const next = after(expected, token, open);
    if (next === undefined) return at;
    expected = next;
    at += token.length;
  }
}

type Expected = 'value' | 'valueOrClose' | 'name' | 'nameOrClose' | 'colon' | 'end';

const stringStart = String.raw`"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*`;
const string = `${stringStart}"`;
const scalar = String.raw`${string}|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null`;

const tokens: Readonly<Record<Expected, RegExp>> = {
  value: new RegExp(`^(?:[[{]|${scalar})`, 'u'),
  valueOrClose: new RegExp(`^(?:[[{\\]]|${scalar})`, 'u'),
  name: new RegExp(`^${string}`, 'u'),
  nameOrClose: new RegExp(`^(?:\\}|${string})`, 'u'),
  colon: /^:/u,
  end: /^[,\]}]/u,
};

/** What may follow a token; `undefined` if it closes what is not open. Keeps the book of what is. */
function after(expected: Expected, token: string, open: ('{' | '[')[]): Expected | undefined {
  if (expected === 'colon') return 'value';
  if (expected === 'name' || (expected === 'nameOrClose' && token !== '}')) return 'colon';
  if (token === '{' || token === '[') {
    open.push(token);
    return token === '{' ? 'nameOrClose' : 'valueOrClose';
  }
  if (token === ',') return open.at(-1) === '{' ? 'name' : 'value';
  if (token === '}' || token === ']') return open.pop() === (token === '}' ? '{' : '[') ? 'end' : undefined;
  return 'end';
}

/** A text that is begun but broken breaks inside. */
function brokenLength(rest: string): number {
  return new RegExp(`^${stringStart}`, 'u').exec(rest)?.[0].length ?? 0;
}
