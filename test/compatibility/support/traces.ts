/** A span, as a tracer exports it. */
export interface Span {
  readonly id: string;
  readonly parent: string | undefined;
  readonly name: string;
  /** Of a request: without its query, if the tracer does not record one. */
  readonly url: string | undefined;
}

/** The lines that fixtures/tracing/opentelemetry.cjs writes. */
export function openTelemetrySpans(text: string): readonly Span[] {
  interface Exported {
    readonly spanId: string;
    readonly parentSpanContext?: { readonly spanId: string };
    readonly name: string;
    readonly attributes: Readonly<Record<string, string>>;
  }
  return jsonLines<Exported>(text).map(({ spanId, parentSpanContext, name, attributes }) => ({
    id: spanId,
    parent: parentSpanContext?.spanId,
    name,
    url: attributes['url.full'] ?? attributes['http.url'],
  }));
}

/** The lines that the exporter `log` of dd-trace prints. */
export function datadogSpans(output: string): readonly Span[] {
  interface Printed {
    readonly traces: ReadonlyArray<
      ReadonlyArray<{
        readonly span_id: string;
        readonly parent_id: string;
        readonly name: string;
        readonly meta: Readonly<Record<string, string>>;
      }>
    >;
  }
  const traces = jsonLines<Printed>(output.replaceAll(/^(?!\{"traces":).*$/gmu, '')).flatMap((line) => line.traces);
  return traces.flat().map(({ span_id: id, parent_id: parent, name, meta }) => ({
    id,
    parent,
    name,
    url: meta['http.url'],
  }));
}

/** The envelopes that Sentry sends: lines of JSON, of which some have spans. */
export function sentrySpans(envelopes: readonly string[]): readonly Span[] {
  interface Line {
    readonly items?: ReadonlyArray<{
      readonly span_id: string;
      readonly parent_span_id?: string;
      readonly name: string;
      readonly attributes: Readonly<Record<string, { readonly value: string }>>;
    }>;
  }
  return jsonLines<Line>(envelopes.join('\n'))
    .flatMap(({ items = [] }) => items)
    .map(({ span_id: id, parent_span_id: parent, name, attributes }) => ({
      id,
      parent,
      name,
      url: attributes['url.full']?.value,
    }));
}

function jsonLines<Line>(text: string): Line[] {
  const lines = text.split('\n').filter((line) => line !== '');
  return lines.map((line) => JSON.parse(line) as Line); // of the tracer
}

/** The names of the spans above a span, from its parent to the root. */
export function ancestorsOf(span: Span, spans: readonly Span[]): readonly string[] {
  const parent = spans.find(({ id }) => id === span.parent);
  return parent === undefined ? [] : [parent.name, ...ancestorsOf(parent, spans)];
}

/** What no trace may contain, and how a text that contains it is recognized. Keys of the fake KMS are named like this. */
const confidential: ReadonlyArray<readonly [what: string, pattern: RegExp]> = [
  ['a value or password', /s3cret-/u],
  ['an access key ID', /FakeAccessKeyId|STS\.Fake/u],
  ['an access key secret', /FakeAccessKeySecret|FakeStsSecret/u],
  ['a security token', /FakeToken/u],
  ['a client key', /KAAP\.|PrivateKeyData/u],
  ['a signature', /ACS3-|Bearer |\bSignature(?:=|%3D|":")(?!REDACTED|\[Filtered\])/iu],
];

/** The confidential data in a text. */
export function confidentialIn(text: string): readonly string[] {
  return confidential.filter(([, pattern]) => pattern.test(text)).map(([what]) => what);
}
