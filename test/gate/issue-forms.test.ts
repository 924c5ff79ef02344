import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

// GitHub shows a broken form only as a missing one. The rules are those of its page "Syntax for GitHub's form schema".
const folder = join(import.meta.dirname, '../../.github/ISSUE_TEMPLATE');
const read = (file: string): unknown => parse(readFileSync(join(folder, file), 'utf8'));
const forms = readdirSync(folder).filter((file) => file !== 'config.yml');

const text = z.string().min(1);
const id = z.string().regex(/^[\w-]+$/u);
const validations = z.strictObject({ required: z.boolean() }).optional();
const described = { label: text, description: text.optional() };
const typed = { ...described, placeholder: text.optional(), value: text.optional() };
const unique = (items: readonly unknown[]): boolean =>
  new Set(items.map((item) => JSON.stringify(item))).size === items.length;
const field = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('markdown'), attributes: z.strictObject({ value: text }) }),
  z.strictObject({ type: z.literal('input'), id, attributes: z.strictObject(typed), validations }),
  z.strictObject({
    type: z.literal('textarea'),
    id,
    attributes: z.strictObject({ ...typed, render: text.optional() }),
    validations,
  }),
  z.strictObject({
    type: z.literal('dropdown'),
    id,
    attributes: z.strictObject({
      ...described,
      multiple: z.boolean().optional(),
      options: z.array(text).min(1).refine(unique),
    }),
    validations,
  }),
  z.strictObject({
    type: z.literal('checkboxes'),
    id,
    attributes: z.strictObject({
      ...described,
      options: z
        .array(z.strictObject({ label: text, required: z.boolean().optional() }))
        .min(1)
        .refine(unique),
    }),
  }),
]);
const form = z.strictObject({
  name: text,
  description: text,
  labels: z.array(text).min(1).refine(unique),
  body: z
    .array(field)
    .min(1)
    .refine(
      (fields) => unique(fields.flatMap((each) => ('id' in each ? [each.id] : []))),
      'two fields have the same id',
    )
    .refine((fields) => fields.some(({ type }) => type !== 'markdown'), 'a form needs a field'),
});
const link = z.strictObject({ name: text, url: z.url(), about: text });
const config = z.strictObject({ blank_issues_enabled: z.boolean(), contact_links: z.array(link) });

describe.each(forms)('%s', (file) => {
  test('is a valid form', () => {
    expect(form.safeParse(read(file)).error?.issues ?? []).toEqual([]);
  });

  test('warns of pasting secrets, in both languages', () => {
    expect(JSON.stringify(read(file))).toContain('Do not paste secrets.');
    expect(JSON.stringify(read(file))).toContain('不要粘贴任何密钥');
  });

  test('is written in both languages', () => {
    const { name, body } = form.parse(read(file));
    const labels = body.flatMap(({ attributes }) => ('label' in attributes ? [attributes.label] : []));

    expect([name, ...labels].filter((each) => !/\w.*\/.*(?:\p{Script=Han}|@kms|`)/u.test(each))).toEqual([]);
  });
});

test('the chooser leads vulnerabilities away from public issues', () => {
  expect(config.safeParse(read('config.yml')).error?.issues ?? []).toEqual([]);
  expect(JSON.stringify(read('config.yml'))).toContain('/security/advisories/new');
});

describe('a form fails', () => {
  const valid = { name: 'a', description: 'a', labels: ['bug'] };
  const input = { type: 'input', id: 'version', attributes: { label: 'Version' } };

  test.each([
    ['with an unknown key', { ...valid, label: ['bug'], body: [input] }],
    ['with an unknown type', { ...valid, body: [{ ...input, type: 'text' }] }],
    ['without a label', { ...valid, body: [{ ...input, attributes: {} }] }],
    ['with two fields of one id', { ...valid, body: [input, input] }],
    ['with nothing to fill in', { ...valid, body: [{ type: 'markdown', attributes: { value: 'a' } }] }],
    [
      'with an option twice',
      { ...valid, body: [{ ...input, type: 'dropdown', attributes: { label: 'a', options: ['a', 'a'] } }] },
    ],
  ])('%s', (_, broken) => {
    expect(form.safeParse({ ...valid, body: [input] }).success).toBe(true);
    expect(form.safeParse(broken).success).toBe(false);
  });
});
