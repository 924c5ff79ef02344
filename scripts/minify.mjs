// @ts-check
// Minifies a bundle so that a stack trace stays readable: functions, classes and private methods keep their names, and each class
// member has a line of its own. See docs/decisions/0022-bundling.md.
import { parseAst } from 'rolldown/parseAst';
import { minifySync } from 'rolldown/utils';

/** @typedef {{ type: string; start: number; end: number; [field: string]: unknown }} Node */
/** @typedef {{ position: number; length: number; text: string }} Edit */

const keepNames = { function: true, class: true };

/**
 * @param {string} file
 * @param {string} code
 */
export function minify(file, code) {
  const { code: short, errors } = minifySync(file, code, {
    module: true,
    compress: { target: 'es2023', keepNames },
    mangle: { keepNames },
    codegen: { removeWhitespace: true },
  });
  if (errors.length > 0) throw new Error(`${file} could not be minified: ${errors.map(String).join(', ')}`);
  // Node.js decodes ASCII faster, and V8 stores it in half the memory.
  const ascii = short.replaceAll(/[^\0-\x7F]/gu, (character) =>
    Array.from({ length: character.length }, (_, unit) => escaped(character.charCodeAt(unit))).join(''),
  );
  const tree = /** @type {any} */ (parseAst(ascii));
  const names = originalNames(file, classesIn(/** @type {any} */ (parseAst(code))), classesIn(tree));
  return withEdits(ascii, [
    ...lineBreaks(tree),
    ...renamedPrivates(tree, names),
    ...quotedImports(tree),
    ...superStatements(tree),
  ]);
}

/** @param {number} unit */
function escaped(unit) {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}

/**
 * The classes of a file, in the order of the source.
 * @param {Node} tree
 */
function classesIn(tree) {
  /** @type {Node[]} */
  const found = [];
  visit(tree, (node) => {
    if (node.type === 'ClassBody') found.push(node);
  });
  return found;
}

/**
 * The minifier has no option to keep the names of private methods. It keeps the order of classes and of their members.
 * @param {string} file
 * @param {readonly Node[]} originals
 * @param {readonly Node[]} minified
 * @returns {Map<Node, Map<string, string>>} for each class the original names by the short ones; fields keep the short ones
 */
function originalNames(file, originals, minified) {
  return new Map(
    minified.map((body, index) => {
      const before = privateMembers(originals[index]);
      const after = privateMembers(body);
      if (originals.length !== minified.length || before.length !== after.length)
        throw new Error(`The minifier removed a class or a private member from ${file}: names cannot be assigned.`);
      return [
        body,
        new Map(
          after.map(({ name, isMethod }, position) => [name, isMethod ? (before[position]?.name ?? name) : name]),
        ),
      ];
    }),
  );
}

/** @param {Node | undefined} body */
function privateMembers(body) {
  const members = /** @type {any[]} */ (body?.['body'] ?? []);
  return members
    .filter(({ key }) => key?.type === 'PrivateIdentifier')
    .map(({ key, type }) => ({ name: String(key.name), isMethod: type === 'MethodDefinition' }));
}

/**
 * A line for each statement and each member of a class. Otherwise an error that ends the process prints the whole file, in which it
 * occurred, as its line.
 * @param {Node} tree
 * @returns {Edit[]}
 */
function lineBreaks(tree) {
  const nodes = [tree, ...classesIn(tree)].flatMap(({ body }) => /** @type {Node[]} */ (body));
  return nodes.map(({ start }) => ({ position: start, length: 0, text: '\n' }));
}

/**
 * @param {Node} tree
 * @param {Map<Node, Map<string, string>>} names
 * @returns {Edit[]}
 */
function renamedPrivates(tree, names) {
  /** @type {Edit[]} */
  const edits = [];
  visit(tree, (node, parents) => {
    if (node.type !== 'PrivateIdentifier') return;
    const short = String(node['name']);
    const ofClass = parents.findLast((parent) => names.get(parent)?.has(short));
    const text = `#${(ofClass && names.get(ofClass)?.get(short)) ?? short}`;
    edits.push({ position: node.start, length: node.end - node.start, text });
  });
  return edits;
}

/**
 * The minifier writes strings as templates. Tools that scan for `import()`, such as es-module-lexer, read only string literals.
 * @param {Node} tree
 * @returns {Edit[]}
 */
function quotedImports(tree) {
  /** @type {Edit[]} */
  const edits = [];
  visit(tree, (node) => {
    const source = /** @type {Node | undefined} */ (node['source']);
    if (node.type !== 'ImportExpression' || source?.type !== 'TemplateLiteral') return;
    for (const position of [source.start, source.end - 1]) edits.push({ position, length: 1, text: '"' });
  });
  return edits;
}

/**
 * `super(…);this.a=b` instead of `super(…),this.a=b`. For a target before ES2022, TypeScript moves the fields of a class behind a
 * `super()` that is a statement, and in front of any other: then no error of a Jest project with ts-jest could be created.
 * @param {Node} tree
 * @returns {Edit[]}
 */
function superStatements(tree) {
  /** @type {Edit[]} */
  const edits = [];
  visit(tree, ({ type, expression }) => {
    const [first] = /** @type {{ expressions?: any[] } | undefined} */ (expression)?.expressions ?? [];
    if (type === 'ExpressionStatement' && first?.callee?.type === 'Super')
      edits.push({ position: first.end, length: 1, text: ';' });
  });
  return edits;
}

/**
 * @param {Node} node
 * @param {(node: Node, parents: readonly Node[]) => void} enter
 * @param {readonly Node[]} [parents]
 */
function visit(node, enter, parents = []) {
  enter(node, parents);
  const inner = [...parents, node];
  for (const value of Object.values(node)) {
    for (const child of Array.isArray(value) ? value : [value])
      if (typeof child === 'object' && child !== null && 'type' in child) visit(child, enter, inner);
  }
}

/**
 * @param {string} code
 * @param {readonly Edit[]} edits
 */
function withEdits(code, edits) {
  let result = '';
  let position = 0;
  for (const edit of edits.toSorted((one, other) => one.position - other.position || one.length - other.length)) {
    result += code.slice(position, edit.position) + edit.text;
    position = edit.position + edit.length;
  }
  return `${(result + code.slice(position)).trim()}\n`;
}
