/**
 * The index of the first character at which a text is not JSON; its length if it ends too early; `undefined` if it is JSON.
 *
 * `JSON.parse` does not always report the position, and its message quotes the text, which may be a key that was pasted into
 * the wrong setting.
 */
export function findJsonError(text: string): number | undefined {
  const open: Bracket[] = [];
  let expected: Expected = 'value';
  let at = 0;
  for (;;) {
    at += /^[ \t\r\n]*/u.exec(text.slice(at))?.[0].length ?? 0;
    if (expected === 'end' && open.length === 0) return at === text.length ? undefined : at;
    const token = tokens[expected].exec(text.slice(at))?.[0];
    if (token === undefined) return at + validStringLength(text.slice(at));
    const next = expectedAfter(token, expected, open);
    if (next === undefined) return at;
    expected = next;
    at += token.length;
  }
}

type Bracket = '{' | '[';
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

/** What may follow a token. Updates the open brackets. Returns `undefined` if the token closes the wrong bracket. */
function expectedAfter(token: string, expected: Expected, open: Bracket[]): Expected | undefined {
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

/** The length of the valid part of an invalid string; 0 if there is no string. */
function validStringLength(rest: string): number {
  return new RegExp(`^${stringStart}`, 'u').exec(rest)?.[0].length ?? 0;
}
